//go:build !race

package gateway

import "testing"

// The race detector allocates, so this file stands apart from the others.

func TestMatchAllocatesNothing(t *testing.T) {
	patterns, asks := manyRoutes(100)
	patterns = append(patterns, pattern{path: "/c", header: []condition{{"Accept", ""}}, query: []condition{{"q", "1"}}, index: 100})
	m := mustMatcher(t, patterns)
	for k, q := range asks {
		q.x.Params = q.x.Params[:0]
		m.ask(q) // gives the record's list of parameters its room
		n := testing.AllocsPerRun(1000, func() {
			q.x.Params = q.x.Params[:0]
			if index, ok := m.ask(q); !ok || index != 96+k {
				t.Errorf("%s%s: got %d %v, want %d", q.host, q.path, index, ok, 96+k)
			}
		})
		if n != 0 {
			t.Errorf("%s%s: got %v allocations, want 0", q.host, q.path, n)
		}
	}
}
