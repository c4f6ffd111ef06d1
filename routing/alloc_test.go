//go:build !race

package routing

import "testing"

// The race detector allocates, so this file is not part of its build.

func TestFindAllocatesNothing(t *testing.T) {
	routes, queries := manyRoutes(t, 100)
	routes = append(routes, Route{Path: pathOf(t, "/c"), Header: []Condition{{"Accept", ""}}, Query: []Condition{{"q", "1"}}})
	table := mustTable(t, routes)
	for k, q := range queries {
		n := testing.AllocsPerRun(1000, func() {
			if m := table.Find(q); m.Outcome != Found || m.Route != 96+k {
				t.Errorf("%s%s: got %v %d, want route %d", q.Host, q.Path, m.Outcome, m.Route, 96+k)
			}
		})
		if n != 0 {
			t.Errorf("%s%s: got %v allocations, want 0", q.Host, q.Path, n)
		}
	}
}

func TestFindAllocatesNothingForAnAmbiguousPath(t *testing.T) {
	routes, _ := manyRoutes(t, 100)
	table := mustTable(t, routes)
	raw, buf, host, method := []byte("/service-0//items%41/../7"), make([]byte, 0, 64), []byte("any.example"), []byte("GET")
	var q Query
	n := testing.AllocsPerRun(1000, func() {
		path, marks, problem := table.NormalizePath(buf, raw)
		q.Host, q.RawPath, q.Path, q.Marks, q.Method = host, raw, path, marks, method
		if m := table.Find(&q); problem != 0 || m.Outcome != Found || m.Route != 0 {
			t.Errorf("got %v %d, want route 0", m.Outcome, m.Route)
		}
	})
	if n != 0 {
		t.Errorf("got %v allocations, want 0", n)
	}
}
