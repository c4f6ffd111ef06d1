//go:build !race

package upstream

import (
	"testing"

	"penstock/lb"
)

func TestPickDoesNotAllocate(t *testing.T) {
	for _, method := range []lb.Method{lb.RoundRobin, lb.LeastConn, lb.P2C, lb.Latency, lb.Random, lb.ConsistentHash} {
		o := tens(t, 5, 3)
		o.Balance.Method = method
		made, err := NewCluster(o)
		v := must(t, made, err).View("r", map[string]int{tenOne: 2})
		var tried lb.Set
		tried.Add(v.Pick(0, nil, 1).Backend)
		if n := testing.AllocsPerRun(1000, func() { v.Pick(7, &tried, 1) }); n != 0 {
			t.Errorf("%s: %v allocations a pick, want 0", method, n)
		}
	}
}
