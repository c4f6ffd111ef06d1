//go:build !race

package ratelimit

import (
	"testing"
	"time"
)

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

func TestLimitsDoNotAllocate(t *testing.T) {
	g := NewGroup(NewKeyed(NewRate(1, time.Second, 1), 64), NewKeyed(NewRate(1000, time.Second, 1), 64))
	allowed, refused := 0, 0
	now := noon
	if got := testing.AllocsPerRun(1000, func() {
		now += second / 2
		var waits Waits
		if g.Take(&[MaxGroup]uint64{1, 2}, now, &waits) {
			allowed++
		} else {
			refused++
		}
	}); got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
	if allowed < 400 || refused < 400 {
		t.Errorf("%d allowed and %d refused: the test shows one path only", allowed, refused)
	}
}

func TestLimiterDoesNotAllocate(t *testing.T) {
	l := NewLimiter(LimiterOptions{})
	now := noon
	if got := testing.AllocsPerRun(1000, func() {
		now += ms
		l.TryBegin(Normal)
		l.End(now-5*ms, now, true)
	}); got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}

func TestRoomDoesNotAllocate(t *testing.T) {
	r := newTestRoom(1)
	var a, b Entry
	var admits Slots = &slots{free: 1 << 30}
	now := noon
	if got := testing.AllocsPerRun(1000, func() {
		now += ms
		a, b = Entry{Priority: Normal}, Entry{Priority: Normal}
		r.Join(&a, now, 0)
		r.Join(&b, now, 0) // drops a
		r.Next(now, admits)
		r.Expired(now)
	}); got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}
