package headers

// class says what an octet may be part of.
type class uint8

const (
	tokenOctet  class = 1 << iota // tchar (RFC 9110 §5.6.2)
	valueOctet                    // field-content, SP and HTAB (RFC 9110 §5.5)
	hostOctet                     // unreserved and sub-delims (RFC 3986 §3.2.2)
	unreserved                    // RFC 3986 §2.3
	targetOctet                   // visible ASCII except "#"
	hexOctet                      // HEXDIG, either case
	pathOctet                     // pchar and "/", without "%" (RFC 3986 §3.3)
	queryOctet                    // pathOctet and "?" (RFC 3986 §3.4)
)

// octets is the class of every octet.
var octets = func() (table [256]class) {
	mark := func(c class, set string) {
		for i := range len(set) {
			table[set[i]] |= c
		}
	}
	const (
		alnum     = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
		subDelims = "!$&'()*+,;="
	)
	mark(tokenOctet, alnum+"!#$%&'*+-.^_`|~")
	mark(unreserved, alnum+"-._~")
	mark(hostOctet, alnum+"-._~"+subDelims)
	mark(pathOctet, alnum+"-._~"+subDelims+":@/")
	mark(queryOctet, alnum+"-._~"+subDelims+":@/?")
	mark(hexOctet, "0123456789abcdefABCDEF")
	mark(valueOctet, "\t ")
	for c := range 256 {
		if c > ' ' && c != 0x7f {
			table[c] |= valueOctet
		}
		if c > ' ' && c < 0x7f && c != '#' {
			table[c] |= targetOctet
		}
	}
	return table
}()

func is(c byte, k class) bool { return octets[c]&k != 0 }

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}

// equalFold compares as ASCII, ignoring the case of letters only.
func equalFold(a []byte, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] && lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

// SameName reports whether two field names, or other ASCII tokens, are equal but for
// the case of letters (RFC 9110 §5.1). It allocates nothing.
func SameName(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] && lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

// trimOWS removes optional white space at both ends (RFC 9110 §5.6.3).
func trimOWS(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	default:
		return c&^0x20 - 'A' + 10
	}
}
