package headers

import "bytes"

// CookieFound says what was found of a cookie. The zero value is NoCookie.
type CookieFound uint8

// The results of a search for a cookie.
const (
	NoCookie        CookieFound = iota // no line has the cookie
	OneCookie                          // its value is what every backend reads
	AmbiguousCookie                    // backends may read different values
)

// Cookie returns the value of the cookie of this name, in its exact case, in the Cookie lines,
// quotes included, as a view. Only with OneCookie there is a value; it may be empty. Backends
// differ in which of several cookies of one name they take, in whether they trim, unquote and
// decode names, and in whether a comma or a quoted semicolon separates cookies. Where these ways
// may lead to different values, the result is AmbiguousCookie without a value.
func (b *Block) Cookie(name string) (value []byte, found CookieFound) {
	strict, loose := 0, 0
	for line := range b.All(Cookie) {
		quotes := bytes.IndexByte(line, '"') >= 0 // a quoted text may contain what separates cookies
		for rest := line; len(rest) > 0; {
			var pair []byte
			pair, rest, _ = bytes.Cut(rest, []byte{';'})
			key, text, _ := bytes.Cut(bytes.TrimLeft(pair, " \t"), []byte{'='})
			if string(key) == name && len(key) < len(bytes.TrimLeft(pair, " \t")) {
				strict++
				value = bytes.TrimRight(text, " \t")
				if quotes && bytes.Count(line[:len(line)-len(rest)-len(text)], []byte{'"'})%2 == 1 {
					return nil, AmbiguousCookie
				}
			}
			for len(pair) > 0 {
				var part []byte
				part, pair, _ = bytes.Cut(pair, []byte{','})
				if key, _, _ := bytes.Cut(part, []byte{'='}); resemblesCookie(key, name) {
					loose++
				}
			}
		}
	}
	switch {
	case strict > 1 || loose != strict:
		return nil, AmbiguousCookie
	case strict == 0:
		return nil, NoCookie
	}
	return value, OneCookie
}

// resemblesCookie reports whether a backend may take key for the cookie of that name: without
// white space and quotes around it, with percent-coding removed, in any case, and with what PHP
// turns into "_".
func resemblesCookie(key []byte, name string) bool {
	key = bytes.TrimFunc(key, func(r rune) bool { return r <= ' ' || r == '"' || r == '\'' || r >= 0x7f })
	at := 0
	for i := 0; i < len(key); i++ {
		c := key[i]
		if c == '%' && i+2 < len(key) && is(key[i+1], hexOctet) && is(key[i+2], hexOctet) {
			c, i = unhex(key[i+1])<<4|unhex(key[i+2]), i+2
		}
		if at == len(name) || foldCookie(c) != foldCookie(name[at]) {
			return false
		}
		at++
	}
	return at == len(name)
}

// foldCookie makes alike what some backends do not tell apart in the name of a cookie.
func foldCookie(c byte) byte {
	switch c {
	case '.', ' ', '[', '+', '-':
		return '_'
	}
	return lower(c)
}
