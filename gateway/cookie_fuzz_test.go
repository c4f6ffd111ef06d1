package gateway

import (
	"strings"
	"testing"
)

// FuzzCookieValue holds cookieValue against the plain way: split at semicolons, the
// first pair of that name counts. Nothing is unquoted, decoded or made up.
func FuzzCookieValue(f *testing.F) {
	for _, seed := range [][2]string{
		{"a=1; b=2", "b"}, {"a=1;a=2", "a"}, {" a = 1", "a"}, {"a", "a"}, {"=x; a==y", "a"}, {"a=\"x;y\"", "a"}, {";;a=", "a"}, {"xa=1; a=2", "a"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, line, name string) {
		want, found := "", false
		for pair := range strings.SplitSeq(line, ";") {
			key, value, ok := strings.Cut(strings.TrimLeft(pair, " \t"), "=")
			if ok && key == name && !found {
				want, found = value, true
			}
		}
		got := cookieValue([]byte(line), []byte(name))
		if string(got) != want {
			t.Errorf("cookie %q of %q: got %q, want %q", name, line, got, want)
		}
	})
}
