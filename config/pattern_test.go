package config

import (
	"slices"
	"testing"
)

func TestParsePattern(t *testing.T) {
	for _, tc := range []struct {
		path   string
		want   Pattern
		params []string
	}{
		{"/", Pattern{{Literal, ""}}, nil},
		{"/a", Pattern{{Literal, "a"}}, nil},
		{"/a/", Pattern{{Literal, "a"}, {Literal, ""}}, nil},
		{"/*", Pattern{{Rest, ""}}, nil},
		{"/a/*", Pattern{{Literal, "a"}, {Rest, ""}}, nil},
		{"/a/{id}", Pattern{{Literal, "a"}, {Param, "id"}}, []string{"id"}},
		{"/{a_1}/b/{Rest:*}", Pattern{{Param, "a_1"}, {Literal, "b"}, {Rest, "Rest"}}, []string{"a_1", "Rest"}},
		{"/caf%C3%A9", Pattern{{Literal, "caf%C3%A9"}}, nil},
		{"/a//b", Pattern{{Literal, "a"}, {Literal, ""}, {Literal, "b"}}, nil},
		{"/.well-known/x;y=1:2@$&'()+,!", Pattern{{Literal, ".well-known"}, {Literal, "x;y=1:2@$&'()+,!"}}, nil},
	} {
		got, err := ParsePattern(tc.path)
		if err != nil || !slices.Equal(got, tc.want) {
			t.Errorf("%q: got %v, %v, want %v", tc.path, got, err, tc.want)
		}
		if params := got.Params(); !slices.Equal(params, tc.params) {
			t.Errorf("%q: got parameters %q, want %q", tc.path, params, tc.params)
		}
	}
	for _, path := range []string{"", "a", "*", "/a*", "/**", "/*/a", "/{}", "/{a", "/a}", "/{a}{b}", "/{a:b}", "/{:*}", "/{a:*}/b", "/%4", "/%", "/a b", "/a\x7f", "/%5c", "/%00", "/./a"} {
		if got, err := ParsePattern(path); err == nil {
			t.Errorf("%q: got %v, want an error", path, got)
		}
	}
}
