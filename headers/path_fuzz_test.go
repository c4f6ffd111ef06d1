package headers

import (
	"bytes"
	"strings"
	"testing"
)

// rulesOf reads the rules out of a number, so that the fuzzer can choose them.
func rulesOf(n uint8) PathRules {
	return PathRules{
		EncodedSlash: PathAction(n % 3), Backslash: PathAction(n / 3 % 3), DoubleSlash: PathAction(n / 9 % 3),
		DotSegments: Change * PathAction(n/27%2), DoubleEncoding: Keep * PathAction(n/54%2),
	}
}

func FuzzNormalizePath(f *testing.F) {
	for i, seed := range []string{"/a/../b", "/%2e%2e/", "/a//..//.", "/%25%32", "/a;b/..;", "/%c3%a4", "/a\\b", "/%61", "/a%2f..\\%5cb"} {
		for n := range 108 / 9 {
			f.Add(seed, uint8(9*n+i))
		}
	}
	f.Fuzz(func(t *testing.T, path string, n uint8) {
		rules := rulesOf(n)
		got, marks, p := rules.Normalize(nil, []byte(path))
		if p != NoProblem {
			return
		}
		again, left, p := rules.Normalize(nil, got)
		if p != NoProblem || !bytes.Equal(again, got) {
			t.Errorf("%v: %q = %q is not its own normal form: %q %v", rules, path, got, again, p)
		}
		if left&^rules.keeps() != 0 {
			t.Errorf("%v: %q = %q still has %05b, of %05b", rules, path, got, left, marks)
		}
		if got[0] != '/' || climbs(string(got)) {
			t.Errorf("%v: %q = %q", rules, path, got)
		}
		if marks == 0 && strings.Count(string(got), "/") != strings.Count(path, "/") {
			t.Errorf("%v: %q is unambiguous, but %q has other segments", rules, path, got)
		}
	})
}

// keeps returns what may be left in a path that went through the rules.
func (r *PathRules) keeps() (m PathMarks) {
	for mark, action := range map[PathMarks]PathAction{
		HasEncodedSlash: r.EncodedSlash, HasBackslash: r.Backslash, HasDoubleSlash: r.DoubleSlash, HasDoubleEncoding: r.DoubleEncoding,
	} {
		if action == Keep {
			m |= mark
		}
	}
	return m
}

// climbs reports whether a path has a dot segment for a reader to whom
// backslashes and what is encoded are slashes too.
func climbs(path string) bool {
	path = strings.NewReplacer("%2F", "/", "%5C", "/", "\\", "/").Replace(path)
	for s := range strings.SplitSeq(path, "/") {
		if name, _, _ := strings.Cut(s, ";"); name == "." || name == ".." {
			return true
		}
	}
	return false
}
