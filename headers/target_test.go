package headers

import "testing"

func TestSplitTarget(t *testing.T) {
	type parts struct {
		form                   Form
		https                  bool
		authority, path, query string
		hasQuery               bool
	}
	for _, tc := range []struct {
		target  string
		want    parts
		problem Problem
	}{
		{"/", parts{path: "/"}, NoProblem},
		{"/a?", parts{path: "/a", hasQuery: true}, NoProblem},
		{"/a?b=c?d", parts{path: "/a", query: "b=c?d", hasQuery: true}, NoProblem},
		{"//evil.example/?u=http://x", parts{path: "//evil.example/", query: "u=http://x", hasQuery: true}, NoProblem},
		{"/a|b^{c}\"<>`?[x]=|", parts{path: "/a|b^{c}\"<>`", query: "[x]=|", hasQuery: true}, NoProblem},
		{"*", parts{form: AsteriskForm}, NoProblem},
		{"http://a.example", parts{form: AbsoluteForm, authority: "a.example", path: "/"}, NoProblem},
		{"HTTP://a.example:80/b?c", parts{form: AbsoluteForm, authority: "a.example:80", path: "/b", query: "c", hasQuery: true}, NoProblem},
		{"https://[::1]?q", parts{form: AbsoluteForm, https: true, authority: "[::1]", path: "/", query: "q", hasQuery: true}, NoProblem},
		{"a.example:443", parts{form: AuthorityForm, authority: "a.example:443"}, NoProblem},
		{"", parts{}, BadTarget},
		{"a", parts{}, BadTarget},
		{"a.example:", parts{}, BadTarget},
		{"**", parts{}, BadTarget},
		{"?a", parts{}, BadTarget},
		{"file:///etc/passwd", parts{}, BadTarget},
		{"foo://host/x", parts{}, BadTarget},
		{"http:/a", parts{}, BadTarget},
		{"http:///a", parts{}, BadAuthority},
		{"http://user@a.example/", parts{}, BadAuthority},
		{"http://a b/", parts{}, BadTargetOctet},
		{"/a b", parts{}, BadTargetOctet},
		{"/a#b", parts{}, BadTargetOctet},
		{"/a\x00", parts{}, BadTargetOctet},
		{"/a\x7f", parts{}, BadTargetOctet},
		{"/\xc3\xa4", parts{}, BadTargetOctet},
		{"/a\r", parts{}, BadTargetOctet},
		{"/a?\tb", parts{}, BadTargetOctet},
	} {
		got, p := SplitTarget([]byte(tc.target))
		have := parts{got.Form, got.HTTPS, string(got.Authority), string(got.Path), string(got.Query), got.HasQuery}
		if have != tc.want || p != tc.problem {
			t.Errorf("SplitTarget(%q) (9112 §3.2):\ngot  %+v %v\nwant %+v %v", tc.target, have, p, tc.want, tc.problem)
		}
	}
}

func TestNormalizePath(t *testing.T) {
	for _, tc := range []struct {
		path, want string
		problem    Problem
	}{
		{"/", "/", NoProblem},
		{"/a/b", "/a/b", NoProblem},
		{"/%61%2d%7E", "/a-~", NoProblem},
		{"/%c3%a4%3f", "/%C3%A4%3F", NoProblem},
		{"/%2561", "/%2561", NoProblem},
		{"/a//b/", "/a//b/", NoProblem},
		{"/a/./b", "/a/b", NoProblem},
		{"/a/../b", "/b", NoProblem},
		{"/a/b/..", "/a/", NoProblem},
		{"/a/b/.", "/a/b/", NoProblem},
		{"/..", "/", NoProblem},
		{"/../../a", "/a", NoProblem},
		{"/.", "/", NoProblem},
		{"/a/%2e%2E/b", "/b", NoProblem},
		{"/a/.%2e/b", "/b", NoProblem},
		{"/a//../b", "/a/b", NoProblem},
		{"/a/...", "/a/...", NoProblem},
		{"/a/..b/.c", "/a/..b/.c", NoProblem},
		{"/a;v=1/b", "/a;v=1/b", NoProblem},
		{"/a/%0d%0A", "/a/%0D%0A", NoProblem},
		{"/{a}\"", "/{a}\"", NoProblem},
		{"", "", BadTarget},
		{"a", "", BadTarget},
		{"/%", "", BadPercent},
		{"/%2", "", BadPercent},
		{"/%g0", "", BadPercent},
		{"/%u002f", "", BadPercent},
		{"/a%00b", "", EncodedNUL},
		{"/a%2fb", "", EncodedSlash},
		{"/a%2Fb", "", EncodedSlash},
		{"/a\\b", "", Backslash},
		{"/a%5cb", "", Backslash},
		{"/a/..;x/b", "", DotParameter},
		{"/a/..;", "", DotParameter},
		{"/a/.;x=1/b", "", DotParameter},
		{"/a/%2e%2e;/b", "", DotParameter},
	} {
		got, p := NormalizePath([]byte("kept"), []byte(tc.path))
		if p != tc.problem || p == NoProblem && string(got) != "kept"+tc.want {
			t.Errorf("NormalizePath(%q): got %q %v, want %q %v", tc.path, got, p, tc.want, tc.problem)
		}
	}
}

func TestHasDotSegments(t *testing.T) {
	for path, want := range map[string]bool{
		"/": false, "/a/b.c": false, "/...": false, "/a/..b": false, "/.a": false, "//": false, "/%2e%2e%2e": false, "/%2f..": false,
		"/.": true, "/..": true, "/a/./b": true, "/a/../b": true, "/a/%2e%2E/b": true, "/a/.%2e": true, "/a/%2e": true,
	} {
		if got := HasDotSegments([]byte(path)); got != want {
			t.Errorf("HasDotSegments(%q): got %v, want %v", path, got, want)
		}
	}
}
