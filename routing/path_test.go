package routing

import (
	"bytes"
	"strings"
	"testing"

	"penstock/headers"
)

// defaultRules are the rules of a configuration that does not mention them.
var defaultRules = headers.PathRules{DoubleEncoding: headers.Keep, DotSegments: headers.Change, DoubleSlash: headers.Keep}

// findPath finds the route of GET path and describes the result: "3 /path" for a path
// that the backend gets as it was received, "3 > /path" for one that the rules changed.
func findPath(t *Table, path string) string {
	var q Query
	m, problem := find(t, &q, []byte(path))
	switch {
	case problem != headers.NoProblem:
		return problem.String()
	case m.Outcome != Found:
		return m.Outcome.String()
	case m.PathChanged:
		return string(rune('0'+m.Route)) + " > " + string(m.Path)
	}
	return string(rune('0'+m.Route)) + " " + string(m.Path)
}

func find(t *Table, q *Query, raw []byte) (Match, headers.Problem) {
	path, marks, problem := t.NormalizePath(nil, raw)
	if problem != headers.NoProblem {
		return Match{}, problem
	}
	q.RawPath, q.Path, q.Marks = raw, path, marks
	return t.Find(q), problem
}

func TestAmbiguousPaths(t *testing.T) {
	keep, change := headers.Keep, headers.Change
	keeping := headers.PathRules{EncodedSlash: keep, Backslash: keep, DoubleEncoding: keep, DotSegments: change, DoubleSlash: keep}
	changing := headers.PathRules{EncodedSlash: change, Backslash: change, DoubleEncoding: keep, DotSegments: change, DoubleSlash: change}
	for _, tc := range []struct {
		name  string
		rules headers.PathRules // of all routes, and of paths that lead to none
		paths string            // "path => result" for the routes 0 /*, 1 /admin/*, 2 /files/{name}
	}{
		{"default rules", defaultRules, `
			/a/b => 0 /a/b
			/%61dmin/x => 1 /admin/x
			/a/./b/../c => 0 > /a/c
			/x/%2e%2e/admin/y => 1 > /admin/y
			/admin//x => 1 /admin//x
			//admin/x => path-refused
			/a%2Fb => path-refused
			/a\b => path-refused
			/a%252Fb => 0 /a%252Fb
			/a%zz => bad-percent`},
		{"parts that stay", keeping, `
			/a%2fb => 0 /a%2Fb
			/admin%2Fx => path-refused
			/admin%5cx => path-refused
			/admin/a%2Fb => 1 /admin/a%2Fb
			/files/a%2Fb => 2 /files/a%2Fb
			/files/..%2Fadmin => hidden-dots
			/\admin => path-refused`},
		{"parts that are changed", changing, `
			/admin%2Fx => 1 > /admin/x
			/x%2f..%2fadmin/y => 1 > /admin/y
			/%2fadmin => 1 > /admin
			/files/a\b => 0 > /files/a/b`},
		{"everything refused", headers.PathRules{}, `
			/a/b => 0 /a/b
			/a//b => path-refused
			/a/../b => path-refused
			/a%2541 => path-refused`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			table, err := New(Options{Rules: tc.rules, Routes: []Route{
				{Path: pathOf(t, "/*"), Rules: tc.rules},
				{Path: pathOf(t, "/admin/*"), Rules: tc.rules},
				{Path: pathOf(t, "/files/{name}"), Rules: tc.rules},
			}})
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(strings.TrimSpace(tc.paths)) {
				path, want, _ := strings.Cut(strings.TrimSpace(line), " => ")
				if got := findPath(table, path); got != want {
					t.Errorf("%s: got %q, want %q", path, got, want)
				}
			}
		})
	}
}

func TestPathsThatLeadToNoRoute(t *testing.T) {
	table := mustTable(t, []Route{{Path: pathOf(t, "/a"), Rules: headers.PathRules{EncodedSlash: headers.Change}}})
	for path, want := range map[string]string{
		"/b":    "no-route",
		"/b//c": "no-route",
		"/b%2F": "path-refused", // by the rules for paths without a route
		"/a%2F": "path-refused",
		"/a":    "0 /a",
	} {
		if got := findPath(table, path); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

// rulesOf makes rules of any number.
func rulesOf(n uint16) headers.PathRules {
	next := func() headers.PathAction {
		a := headers.PathAction(n % 3)
		n /= 3
		return a
	}
	r := headers.PathRules{EncodedSlash: next(), Backslash: next(), DoubleEncoding: next(), DotSegments: next(), DoubleSlash: next()}
	if r.DoubleEncoding == headers.Change {
		r.DoubleEncoding = headers.Keep
	}
	if r.DotSegments == headers.Keep {
		r.DotSegments = headers.Change
	}
	return r
}

// FuzzFoundPathLeadsBack checks that a backend, or another gateway by the same rules,
// that reads the path it gets finds the route that was found here. The test of the
// gateway with a reader of its own is in gateway/paths_property_test.go.
func FuzzFoundPathLeadsBack(f *testing.F) {
	for _, path := range []string{"/a", "/admin%2Fx", `/x\..\admin/y`, "//admin//x", "/files/%2e%2e/a", "/a%252Fb", "/files/a%2fb", "/%61dmin"} {
		for _, rules := range []uint16{0, 62, 115, 134, 242} {
			f.Add([]byte(path), rules, 3*rules)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte, first, second uint16) {
		table, err := New(Options{Rules: rulesOf(first), Routes: []Route{
			{Path: pathOf(t, "/*"), Rules: rulesOf(first)},
			{Path: pathOf(t, "/admin/*"), Rules: rulesOf(second)},
			{Path: pathOf(t, "/files/{name}"), Rules: rulesOf(first / 3)},
			{Path: pathOf(t, "/files/{name}/*"), Rules: rulesOf(second / 3)},
		}})
		if err != nil {
			t.Fatal(err)
		}
		var q, again Query
		m, problem := find(table, &q, raw)
		if problem != headers.NoProblem || m.Outcome != Found {
			return
		}
		if !m.PathChanged && q.Marks&headers.HasDotSegments != 0 {
			t.Errorf("%q: dot segments reach the backend unresolved", raw)
		}
		n, problem := find(table, &again, m.Path)
		if problem != headers.NoProblem || n.Outcome != Found || n.Route != m.Route {
			t.Fatalf("%q leads to route %d as %q, which leads to %v %v %d", raw, m.Route, m.Path, problem, n.Outcome, n.Route)
		}
		if !bytes.Equal(n.Path, m.Path) || paramsAsText(n.Params) != paramsAsText(m.Params) {
			t.Errorf("%q: the path is %q with%s, read again %q with%s", raw, m.Path, paramsAsText(m.Params), n.Path, paramsAsText(n.Params))
		}
	})
}
