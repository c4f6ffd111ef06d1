package conformance

import "testing"

// TestReader holds the strict reader to the grammar, since all cases lean on it.
func TestReader(t *testing.T) {
	const head = "POST / HTTP/1.1\r\nHost: a\r\n"
	for name, tc := range map[string]struct {
		raw  string
		body string
		ok   bool
	}{
		"sized":                       {head + "Content-Length: 2\r\n\r\nhi", "hi", true},
		"chunked":                     {head + "Transfer-Encoding: chunked\r\n\r\n2;a=b\r\nhi\r\n0\r\nX: y\r\n\r\n", "hi", true},
		"no body":                     {head + "\r\n", "", true},
		"length and coding":           {head + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "", false},
		"two lengths":                 {head + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi", "", false},
		"a signed length":             {head + "Content-Length: +2\r\n\r\nhi", "", false},
		"bare LF":                     {"POST / HTTP/1.1\nHost: a\r\n\r\n", "", false},
		"a space before the colon":    {head + "X : y\r\n\r\n", "", false},
		"a fold":                      {head + "X: y\r\n z\r\n\r\n", "", false},
		"a NUL":                       {head + "X: \x00\r\n\r\n", "", false},
		"two spaces":                  {"POST  / HTTP/1.1\r\nHost: a\r\n\r\n", "", false},
		"another version":             {"POST / HTTP/2.0\r\nHost: a\r\n\r\n", "", false},
		"a wrong end of a chunk":      {head + "Transfer-Encoding: chunked\r\n\r\n2\r\nhiXX0\r\n\r\n", "", false},
		"a size that is none":         {head + "Transfer-Encoding: chunked\r\n\r\n0x2\r\nhi\r\n0\r\n\r\n", "", false},
		"two hosts":                   {head + "Host: b\r\n\r\n", "", false},
		"bytes above ASCII in values": {head + "X: \xc3\xff\r\n\r\n", "", true},
	} {
		m, n, err := readRequest([]byte(tc.raw))
		if (err == nil) != tc.ok || tc.ok && (n != len(tc.raw) || m.Body != tc.body) {
			t.Errorf("%s: body %q, %d of %d bytes, error %v", name, m.Body, n, len(tc.raw), err)
		}
		for i := range len(tc.raw) {
			if _, _, err := readRequest([]byte(tc.raw[:i])); tc.ok && err != errMore {
				t.Errorf("%s: the first %d bytes: %v, want %v", name, i, err, errMore)
			}
		}
	}
}
