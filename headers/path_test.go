package headers

import "testing"

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

func TestPathRules(t *testing.T) {
	keep := PathRules{EncodedSlash: Keep, Backslash: Keep, DoubleEncoding: Keep, DotSegments: Change, DoubleSlash: Keep}
	change := PathRules{EncodedSlash: Change, Backslash: Change, DoubleEncoding: Keep, DotSegments: Change, DoubleSlash: Change}
	for _, tc := range []struct {
		rules      PathRules
		path, want string
		marks      PathMarks
		problem    Problem
	}{
		{keep, "/a%2fb", "/a%2Fb", HasEncodedSlash, NoProblem},
		{keep, `/a\b%5cc`, `/a\b%5Cc`, HasBackslash, NoProblem},
		{keep, "/a//b", "/a//b", HasDoubleSlash, NoProblem},
		{keep, "/%2561", "/%2561", HasDoubleEncoding, NoProblem},
		{keep, "/%25%36%31", "/%2561", HasDoubleEncoding, NoProblem},
		{keep, "/%25/%2", "", 0, BadPercent},
		{keep, "/100%25", "/100%25", 0, NoProblem},
		{keep, "/100%25/x", "/100%25/x", 0, NoProblem},
		{keep, "/a/../b", "/b", HasDotSegments, NoProblem},
		{keep, "/a%2fb/../c", "/c", HasEncodedSlash | HasDotSegments, NoProblem},
		{keep, "/..%2fa", "", HasEncodedSlash, HiddenDots},
		{keep, "/a%2f..", "", HasEncodedSlash, HiddenDots},
		{keep, "/a%2f../b", "", HasEncodedSlash, HiddenDots},
		{keep, "/a%2f%2e%2e%2fb", "", HasEncodedSlash, HiddenDots},
		{keep, `/a\.\b`, "", HasBackslash, HiddenDots},
		{keep, "/a%2f..;x", "", HasEncodedSlash, HiddenDots},
		{keep, "/a%2f...", "/a%2F...", HasEncodedSlash, NoProblem},
		{keep, "/%2f", "/%2F", HasEncodedSlash, NoProblem},
		{keep, "/%00", "", 0, EncodedNUL},
		{change, "/a%2fb", "/a/b", HasEncodedSlash, NoProblem},
		{change, "/x%2f..%2fadmin", "/admin", HasEncodedSlash | HasDotSegments, NoProblem},
		{change, `/x\..%5cadmin`, "/admin", HasBackslash | HasDotSegments, NoProblem},
		{change, "//a///b//", "/a/b/", HasDoubleSlash, NoProblem},
		{change, "/a//../b", "/b", HasDoubleSlash | HasDotSegments, NoProblem},
		{change, "/%2fa", "/a", HasEncodedSlash | HasDoubleSlash, NoProblem},
		{change, `/\/%2f`, "/", HasEncodedSlash | HasBackslash | HasDoubleSlash, NoProblem},
		{change, "/a%2f..;x", "", HasEncodedSlash, DotParameter},
		{change, "/%252f", "/%252f", HasDoubleEncoding, NoProblem},
		{PathRules{}, "/a/b", "/a/b", 0, NoProblem},
		{PathRules{}, "/a/", "/a/", 0, NoProblem},
		{PathRules{}, "/a//b", "", HasDoubleSlash, DoubleSlash},
		{PathRules{}, "/a/.", "", HasDotSegments, DotSegment},
		{PathRules{}, "/a/../b", "", HasDotSegments, DotSegment},
		{PathRules{}, "/%252e", "", HasDoubleEncoding, DoubleEncoding},
		{PathRules{}, "/%2f", "", HasEncodedSlash, EncodedSlash},
		{PathRules{}, "/%5c", "", HasBackslash, Backslash},
	} {
		got, marks, p := tc.rules.Normalize([]byte("kept"), []byte(tc.path))
		if p != tc.problem || marks != tc.marks || p == NoProblem && string(got) != "kept"+tc.want {
			t.Errorf("%v %q: got %q %05b %v, want %q %05b %v", tc.rules, tc.path, got, marks, p, tc.want, tc.marks, tc.problem)
		}
	}
}

func TestAppendDecoded(t *testing.T) {
	for segment, want := range map[string]string{
		"": "", "a": "a", "%61%2F%2f": "a//", "%": "%", "%4": "%4", "%zz": "%zz", "%2541": "%41", "a%C3%A9": "a\u00e9",
	} {
		if got := AppendDecoded(nil, []byte(segment)); string(got) != want {
			t.Errorf("AppendDecoded(%q): got %q, want %q", segment, got, want)
		}
	}
}
