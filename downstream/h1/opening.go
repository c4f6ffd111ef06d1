package h1

import "bytes"

// Texts with which clients of other protocols begin.
const (
	prefaceLine  = "PRI * HTTP/2.0\r\n" // HTTP/2, by a client that knows of it (RFC 9113 §3.4)
	tlsHandshake = "\x16\x03"           // a TLS record with a handshake, of any version (RFC 8446 §5.1)
)

// opening compares the first bytes of a request head with a text, however they arrive. Its
// value is the number of bytes that were equal, negative after the first that was not.
type opening int8

// pass takes the next bytes of the head.
func (n *opening) pass(p []byte, text string) {
	for i := 0; i < len(p) && *n >= 0 && int(*n) < len(text); i++ {
		if p[i] != text[*n] {
			*n = -1
			return
		}
		*n++
	}
}

// complete reports whether the head begins with the text.
func (n opening) complete(text string) bool { return int(n) == len(text) }

// keepLine keeps the request line, which p begins with once it is complete: fasthttp forgets
// all of a head that it refuses. A line longer than keptMemory is not kept.
func (g *gate) keepLine(p []byte) {
	g.startLine = g.startLine[:0]
	if g.lines == 0 {
		return
	}
	p = bytes.TrimLeft(p, "\r\n") // empty lines before it are no part of it
	if end := bytes.IndexByte(p, '\n'); end > 0 && end <= keptMemory {
		g.startLine = append(g.startLine, p[:end-1]...)
	}
}

// requestLine returns the parts of the request line that was kept. All are empty, and not
// nil, if there is none or it does not have the form of one (RFC 9112 §3). They are valid
// until the next head.
func (g *gate) requestLine() (method, target, protocol []byte) {
	none := []byte{}
	method, rest, _ := bytes.Cut(g.startLine, []byte(" "))
	target, protocol, _ = bytes.Cut(rest, []byte(" "))
	number, ok := bytes.CutPrefix(protocol, []byte("HTTP/"))
	if g.lines == 0 || len(method) == 0 || len(target) == 0 || !ok || len(number) != len("1.1") || number[1] != '.' || !digit(number[0]) || !digit(number[2]) {
		return none, none, none
	}
	return method, target, protocol
}

func digit(c byte) bool { return '0' <= c && c <= '9' }
