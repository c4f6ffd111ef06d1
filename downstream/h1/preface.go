package h1

// prefaceLine is the request line with which an HTTP/2 client begins when it knows
// that the server speaks HTTP/2 (RFC 9113 §3.4).
const prefaceLine = "PRI * HTTP/2.0\r\n"

// preface compares the first bytes of a request head with prefaceLine, however they
// arrive. Its value is the number of bytes that were equal, negative after the first
// that was not.
type preface int8

// pass takes the next bytes of the head.
func (n *preface) pass(p []byte) {
	for i := 0; i < len(p) && *n >= 0 && int(*n) < len(prefaceLine); i++ {
		if p[i] != prefaceLine[*n] {
			*n = -1
			return
		}
		*n++
	}
}

// complete reports whether the head begins with prefaceLine.
func (n preface) complete() bool { return int(n) == len(prefaceLine) }
