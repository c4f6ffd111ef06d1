package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"penstock/exchange"
	"penstock/headers"
	"penstock/options"
)

// captured returns a record with these parameters: name, value, name, value.
func captured(pairs ...string) *exchange.Exchange {
	x := exchange.Acquire(clock)
	for i := 0; i < len(pairs); i += 2 {
		x.AddParam(pairs[i], []byte(pairs[i+1]))
	}
	return x
}

func TestTemplate(t *testing.T) {
	for _, tc := range []struct{ name, text, a, b, want string }{
		{"fixed text", "/v2", "", "", "/v2"},
		{"a parameter", "/v2/orders/{a}", "7", "", "/v2/orders/7"},
		{"two parameters and text around them", "/x{b}y/{a}z", "1", "2", "/x2y/1z"},
		{"a rest keeps its slashes", "/api/{a}", "b/c/", "", "/api/b/c/"},
		{"an empty rest", "/api/{a}", "", "", "/api/"},
		{"what is encoded stays so, once", "/{a}", "a%2Cb%20c%25", "", "/a%2Cb%20c%25"},
		{"what must be encoded is (3986 §3.3)", "/{a}", "a\"b<c>{d}|^`\\[e]", "", "/a%22b%3Cc%3E%7Bd%7D%7C%5E%60%5C%5Be%5D"},
		{"controls and bytes beyond ASCII never get out", "/{a}", "\r\nSet-Cookie: x\x00\x7f\xc3\xa4 ", "", "/%0D%0ASet-Cookie:%20x%00%7F%C3%A4%20"},
		{"a lone percent is one", "/{a}", "100%", "", "/100%25"},
		{"a parameter brings no query into a path", "/{a}", "a?b#c", "", "/a%3Fb%23c"},
		{"nor another key into a query", "/s?q={a}&x=1", "a&b=c+d;e", "", "/s?q=a%26b%3Dc%2Bd%3Be&x=1"},
		{"a path in a query", "/login?to=/{a}", "b/c", "", "/login?to=/b/c"},
		{"no other host by two slashes (3986 §4.2)", "/{a}", "/evil.example/x", "", "/evil.example/x"},
		{"nor by three", "/{a}/{b}", "", "/evil.example", "/evil.example"},
		{"slashes further in stay", "/a/{a}", "/b//c", "", "/a//b//c"},
		{"a URL", "https://new.example:8443/{a}?x", "b", "", "https://new.example:8443/b?x"},
		{"a URL keeps the slashes of its path", "https://new.example/{a}", "/b", "", "https://new.example//b"},
		{"a URL without a path", "HTTPS://new.example", "", "", "HTTPS://new.example"},
		{"a URL with only a query", "http://new.example?q={a}", "b", "", "http://new.example?q=b"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tpl, err := NewTemplate(tc.text, []string{"a", "b"})
			if err != nil {
				t.Fatal(err)
			}
			x := captured("a", tc.a, "b", tc.b)
			defer x.Release()
			if got := string(tpl.Append([]byte("kept"), x)); got != "kept"+tc.want {
				t.Errorf("%q: got %q, want %q", tc.text, got, "kept"+tc.want)
			}
			if got := tpl.HasQuery(); got != strings.Contains(tc.text, "?") {
				t.Errorf("HasQuery: got %v", got)
			}
		})
	}
}

func TestNewTemplateRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                        "want a path",
		"v2":                      "want a path",
		"{a}":                     "want a path",
		"//evil.example/{a}":      "want a path",
		"ftp://x/{a}":             "want a path",
		"https:///x":              "want a path",
		"javascript:alert(1)":     "want a path",
		"https://{a}/x":           "is in the host",
		"https://new.example{a}":  "is in the host",
		"https://new.example:{a}": "is in the host",
		"/{nobody}":               "{nobody} is not a parameter",
		"/{a":                     "{a} is not a parameter",
		"/a}":                     "} without {",
		"/{a}}/x":                 "} without {",
		"/a b":                    `" " cannot stand`,
		"/a\r\nb":                 `"\r" cannot stand`,
		"/a#b":                    `"#" cannot stand`,
		"/caf\u00e9":              "cannot stand",
		"/a%2":                    `"%2" is not a percent-encoded byte`,
	} {
		if _, err := NewTemplate(text, []string{"a"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("NewTemplate(%q): got %v, want an error with %q", text, err, want)
		}
	}
}

func TestStripPrefix(t *testing.T) {
	for _, tc := range []struct{ prefix, path, want string }{
		{"/api", "/api/x/y", "/x/y"},
		{"/api", "/api", "/"},
		{"/api", "/api/", "/"},
		{"/api", "/apis/x", "/apis/x"},
		{"/api", "/other", "/other"},
		{"/api/", "/api/x", "/x"},
		{"/a/b", "/a/b/c", "/c"},
		{"/api", "/api//evil.example", "/evil.example"},
		{"/caf%c3%a9", "/caf%C3%A9/x", "/x"},
		{"/api", "/api/a|b%2Cc", "/a%7Cb%2Cc"},
	} {
		s := &StripPrefix{Prefix: tc.prefix}
		var at report
		if s.Compile(&at, options.Route{Path: strings.TrimSuffix(tc.prefix, "/") + "/*", Has: at.Has}); at.problems != nil {
			t.Fatalf("%s: %q", tc.prefix, at.problems)
		}
		if got := string(s.AppendTarget(nil, []byte(tc.path), nil)); got != tc.want {
			t.Errorf("%s without %s: got %s, want %s", tc.path, tc.prefix, got, tc.want)
		}
	}
	for _, bad := range []string{"api", "/", "/a?b", "/{a}", "/*", "/a b", "/a%2Fb", "/a%", "/a/../b", "/%61", "/a/."} {
		var at report
		(&StripPrefix{Prefix: bad}).Compile(&at, options.Route{Path: bad, Has: at.Has})
		if want := []string{fmt.Sprintf("got %q, want a path such as /api", bad)}; !slices.Equal(at.problems, want) {
			t.Errorf("%q: got %q, want %q", bad, at.problems, want)
		}
	}
}

// For every value of a parameter the target is visible ASCII, is one that our own
// strict reader takes, and has the fixed text's query and no more.
func FuzzTemplate(f *testing.F) {
	for _, seed := range []string{"a", "//evil.example", "a?b#c", "\r\nX: y", "%", "%2F", "..;/", "\xff", "@evil.example"} {
		f.Add(seed, seed)
	}
	var templates []*Template
	for _, text := range []string{"/{a}", "/x/{a}/{b}", "/s?q={a}&r={b}", "https://new.example/{a}{b}", "http://new.example?{a}"} {
		tpl, err := NewTemplate(text, []string{"a", "b"})
		if err != nil {
			f.Fatal(err)
		}
		templates = append(templates, tpl)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		x := captured("a", a, "b", b)
		defer x.Release()
		for _, tpl := range templates {
			out := tpl.Append(nil, x)
			target, p := headers.SplitTarget(out)
			if p != headers.NoProblem || target.HasQuery != tpl.hasQuery {
				t.Fatalf("%+v with %q and %q became %q: %v", tpl, a, b, out, p)
			}
			if tpl.isPath != (target.Form == headers.OriginForm) || tpl.isPath && strings.HasPrefix(string(out), "//") {
				t.Errorf("%q names another host", out)
			}
			if !tpl.isPath && string(target.Authority) != "new.example" {
				t.Errorf("%q names the host %q", out, target.Authority)
			}
			if tpl.hasQuery && strings.Count(string(target.Query), "&") != strings.Count(tpl.parts[len(tpl.parts)-1].text, "&") {
				t.Errorf("%q has another number of keys", out)
			}
		}
	})
}
