//go:build !race

package ratelimit

import "testing"

func TestBudgetDoesNotAllocate(t *testing.T) {
	b := NewBudget(0.1, 10)
	now := noon
	if got := testing.AllocsPerRun(1000, func() {
		now += second / 10
		b.Request(now)
		b.TryRetry(now)
		b.Recent(now)
	}); got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}
