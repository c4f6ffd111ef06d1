//go:build !race

package window

import (
	"testing"
	"time"
)

func TestWindowDoesNotAllocate(t *testing.T) {
	var h Histogram
	w := New(10, time.Second)
	now := noon
	if got := testing.AllocsPerRun(1000, func() {
		now += second / 3
		h.Add(time.Millisecond)
		w.Advance(&h, now)
		var c Counts
		w.Sum(&c, 10)
		c.Quantile(0.99)
	}); got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}
