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
