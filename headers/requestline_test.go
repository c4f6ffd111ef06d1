package headers

import "testing"

func TestParseRequestLine(t *testing.T) {
	for line, want := range map[string][3]string{
		"GET / HTTP/1.1":                 {"GET", "/", "HTTP/1.1"},
		"M-SEARCH * HTTP/1.0":            {"M-SEARCH", "*", "HTTP/1.0"},
		"PRI * HTTP/2.0":                 {"PRI", "*", "HTTP/2.0"},
		"GET http://a/?b HTTP/9.9":       {"GET", "http://a/?b", "HTTP/9.9"},
		"GET \x01\xff HTTP/1.1":          {"GET", "\x01\xff", "HTTP/1.1"}, // SplitTarget refuses it
		"":                               {},
		"GET":                            {},
		"GET ":                           {},
		"GET /":                          {},
		"GET / ":                         {},
		" / HTTP/1.1":                    {},
		"GET  HTTP/1.1":                  {},
		"GET  / HTTP/1.1":                {},
		"GET /  HTTP/1.1":                {},
		"GET / a HTTP/1.1":               {},
		"GET / HTTP/1.1 ":                {},
		"GET\t/ HTTP/1.1":                {},
		"GET /\tHTTP/1.1":                {},
		"G(T / HTTP/1.1":                 {},
		"GET / http/1.1":                 {},
		"GET / HTTP/11":                  {},
		"GET / HTTP/1.10":                {},
		"GET / HTTP/1.x":                 {},
		"GET / HTTPS/1.1":                {},
		"\x16\x03\x01\x02 / HTTP/1.1":    {},
		"GET / HTTP/1.1\r":               {},
		"\xef\xbb\xbfGET / HTTP/1.1":     {},
		"GET\x00 / HTTP/1.1":             {},
		"GET / HTTP/1.1 HTTP/1.1":        {},
		"GET HTTP/1.1":                   {},
		"GET HTTP/1.1 HTTP/1.1":          {"GET", "HTTP/1.1", "HTTP/1.1"}, // SplitTarget refuses it
		"POST /a?b=c%20d#e HTTP/1.1":     {"POST", "/a?b=c%20d#e", "HTTP/1.1"},
		"CONNECT a.example:443 HTTP/1.1": {"CONNECT", "a.example:443", "HTTP/1.1"},
	} {
		method, target, protocol, p := ParseRequestLine([]byte(line))
		if got := [3]string{string(method), string(target), string(protocol)}; got != want || (p == NoProblem) != (want[0] != "") {
			t.Errorf("%q: %q, %v; want %q", line, got, p, want)
		}
	}
}
