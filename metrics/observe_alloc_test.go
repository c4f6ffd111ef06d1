//go:build !race

package metrics

import (
	"testing"

	"penstock/exchange"
)

func TestObserveAllocatesNothing(t *testing.T) {
	route, x := usual()
	x.Fault = exchange.Refuse(exchange.ClientGone)
	x.Attempts[0].Fault = x.Fault
	route.CountCache(threeNames)
	x.Cache = exchange.Cached{Outcome: exchange.CacheMiss, Forward: 1, Judged: true, Refusal: 2}
	route.Begin(x)
	route.Observe(x) // makes the lane
	if got := testing.AllocsPerRun(100, func() { route.Begin(x); route.Observe(x) }); got != 0 {
		t.Errorf("got %v allocations per request, want 0", got)
	}
}
