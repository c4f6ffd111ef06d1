package headers

import (
	"strings"
	"testing"
)

func TestCookie(t *testing.T) {
	for _, tc := range []struct {
		name  string
		lines string // of Cookie, separated by newlines
		value string
		found CookieFound
	}{
		{"none", "", "", NoCookie},
		{"others", "a=1; langs=de; xlang=de", "", NoCookie},
		{"one", "a=1; lang=de; b=2", "de", OneCookie},
		{"one without a space", "a=1;lang=de ", "de", OneCookie},
		{"an empty one", "lang=", "", OneCookie},
		{"a quoted value", `lang="d e"`, `"d e"`, OneCookie},
		{"a quoted value before it", `a="1"; lang=de`, "de", OneCookie},
		{"on the second line", "a=1\nlang=de", "de", OneCookie},
		{"with = in its value", "lang=a=b", "a=b", OneCookie},
		{"twice", "lang=de; lang=fr", "", AmbiguousCookie},
		{"twice alike", "lang=de; lang=de", "", AmbiguousCookie},
		{"on two lines", "lang=de\nlang=fr", "", AmbiguousCookie},
		{"in another case", "lang=de; LANG=fr", "", AmbiguousCookie},
		{"space before =", "lang =fr", "", AmbiguousCookie},
		{"a tab within the white space", "a=1;\t lang\t=fr", "", AmbiguousCookie},
		{"a quoted name", `"lang"=fr`, "", AmbiguousCookie},
		{"a coded name", "l%61ng=fr", "", AmbiguousCookie},
		{"behind a comma", "a=1, lang=fr", "", AmbiguousCookie},
		{"within quotes", `a="1; lang=fr"`, "", AmbiguousCookie},
		{"without =", "lang; lang=de", "", AmbiguousCookie},
		{"a percent sign that codes nothing", "l%6=1; lang=de", "de", OneCookie},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var b Block
			raw := ""
			for line := range strings.SplitSeq(tc.lines, "\n") {
				raw += "Cookie: " + line + "\r\n"
			}
			if p := b.Parse([]byte(raw)); p != NoProblem {
				t.Fatal(p)
			}
			if value, found := b.Cookie("lang"); string(value) != tc.value || found != tc.found {
				t.Errorf("got %q %v, want %q %v", value, found, tc.value, tc.found)
			}
		})
	}
}

// FuzzCookie holds Block.Cookie against the plain way wherever it is certain: split at
// semicolons, the only pair of that name counts.
func FuzzCookie(f *testing.F) {
	for _, seed := range [][2]string{
		{"a=1; b=2", "b"}, {"a=1;a=2", "a"}, {" a = 1", "a"}, {"a", "a"}, {"=x; a==y", "a"}, {"a=\"x;y\"", "a"}, {";;a=", "a"}, {"xa=1; a=2", "a"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, line, name string) {
		var b Block
		if b.Parse([]byte("Cookie: "+line+"\r\n")) != NoProblem || strings.ContainsAny(name, " \t=;,\"") || name == "" {
			return
		}
		want, n := "", 0
		for pair := range strings.SplitSeq(strings.Trim(line, " \t"), ";") {
			key, value, ok := strings.Cut(strings.TrimLeft(pair, " \t"), "=")
			if ok && key == name {
				want, n = strings.TrimRight(value, " \t"), n+1
			}
		}
		value, found := b.Cookie(name)
		switch {
		case found == OneCookie && (n != 1 || string(value) != want), found == NoCookie && n != 0:
			t.Errorf("cookie %q of %q: got %q %v, want %q, %d times", name, line, value, found, want, n)
		case found == AmbiguousCookie && value != nil:
			t.Errorf("cookie %q of %q: an ambiguous one has the value %q", name, line, value)
		}
	})
}
