package httpcache

import (
	"strings"
	"testing"

	"penstock/headers"
)

func TestFindCookie(t *testing.T) {
	for _, tc := range []struct {
		name  string
		lines string // of Cookie, separated by newlines
		value string
		found cookieFound
	}{
		{"none", "", "", noCookie},
		{"others", "a=1; langs=de; xlang=de", "", noCookie},
		{"one", "a=1; lang=de; b=2", "de", oneCookie},
		{"one without a space", "a=1;lang=de ", "de", oneCookie},
		{"an empty one", "lang=", "", oneCookie},
		{"a quoted value", `lang="d e"`, `"d e"`, oneCookie},
		{"a quoted value before it", `a="1"; lang=de`, "de", oneCookie},
		{"on the second line", "a=1\nlang=de", "de", oneCookie},
		{"with = in its value", "lang=a=b", "a=b", oneCookie},
		{"twice", "lang=de; lang=fr", "", ambiguousCookie},
		{"twice alike", "lang=de; lang=de", "", ambiguousCookie},
		{"on two lines", "lang=de\nlang=fr", "", ambiguousCookie},
		{"in another case", "lang=de; LANG=fr", "", ambiguousCookie},
		{"space before =", "lang =fr", "", ambiguousCookie},
		{"a tab within the white space", "a=1;\t lang\t=fr", "", ambiguousCookie},
		{"a quoted name", `"lang"=fr`, "", ambiguousCookie},
		{"a coded name", "l%61ng=fr", "", ambiguousCookie},
		{"behind a comma", "a=1, lang=fr", "", ambiguousCookie},
		{"within quotes", `a="1; lang=fr"`, "", ambiguousCookie},
		{"without =", "lang; lang=de", "", ambiguousCookie},
		{"a percent sign that codes nothing", "l%6=1; lang=de", "de", oneCookie},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var b headers.Block
			raw := ""
			for line := range strings.SplitSeq(tc.lines, "\n") {
				raw += "Cookie: " + line + "\r\n"
			}
			if p := b.Parse([]byte(raw)); p != headers.NoProblem {
				t.Fatal(p)
			}
			if value, found := findCookie(&b, "lang"); string(value) != tc.value || found != tc.found {
				t.Errorf("got %q %v, want %q %v", value, found, tc.value, tc.found)
			}
		})
	}
}

// FuzzFindCookie holds findCookie against the plain way wherever it is certain: split at
// semicolons, the only pair of that name counts.
func FuzzFindCookie(f *testing.F) {
	for _, seed := range [][2]string{
		{"a=1; b=2", "b"}, {"a=1;a=2", "a"}, {" a = 1", "a"}, {"a", "a"}, {"=x; a==y", "a"}, {"a=\"x;y\"", "a"}, {";;a=", "a"}, {"xa=1; a=2", "a"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, line, name string) {
		var b headers.Block
		if b.Parse([]byte("Cookie: "+line+"\r\n")) != headers.NoProblem || strings.ContainsAny(name, " \t=;,\"") || name == "" {
			return
		}
		want, n := "", 0
		for pair := range strings.SplitSeq(strings.Trim(line, " \t"), ";") {
			key, value, ok := strings.Cut(strings.TrimLeft(pair, " \t"), "=")
			if ok && key == name {
				want, n = strings.TrimRight(value, " \t"), n+1
			}
		}
		value, found := findCookie(&b, name)
		switch {
		case found == oneCookie && (n != 1 || string(value) != want), found == noCookie && n != 0:
			t.Errorf("cookie %q of %q: got %q %v, want %q, %d times", name, line, value, found, want, n)
		case found == ambiguousCookie && value != nil:
			t.Errorf("cookie %q of %q: an ambiguous one has the value %q", name, line, value)
		}
	})
}
