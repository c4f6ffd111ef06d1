//go:build !race

package lb

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestPickDoesNotAllocate(t *testing.T) {
	for m := range methodCount {
		for _, n := range []int{1, 3, 16, 1000} {
			p, list := loaded(n, m)
			key := uint64(0)
			got := testing.AllocsPerRun(1000, func() {
				var tried Set
				key++
				b := p.Pick(key, &tried, t0.UnixNano())
				b.Begin()
				b.End(Success, time.Millisecond, t0)
				tried.Add(b)
				p.Pick(key, &tried, t0.UnixNano())
			})
			if got != 0 {
				t.Errorf("%v, %d backends: got %v allocations per request, want 0", m, n, got)
			}
			if n > 1 {
				eject(list[0])
			}
			if got := testing.AllocsPerRun(1000, func() { p.Pick(1, nil, t0.UnixNano()) }); got != 0 {
				t.Errorf("%v, %d backends, one ejected: got %v allocations per pick, want 0", m, n, got)
			}
		}
	}
}

func TestBreakersAndSlowStartsDoNotAllocate(t *testing.T) {
	for m := range methodCount {
		rule := standard(rand.New(rand.NewPCG(1, 1)))
		rule.SlowStart, rule.Breaker = time.Minute, BreakerOptions{OpenAt: 0.5, Probe: time.Second}
		g, list := backends(20, rule)
		p := NewPool(g, nil, nil, Options{Method: m})
		g.Warm(list[0], t0)
		now := t0
		if got := testing.AllocsPerRun(1000, func() {
			now = now.Add(20 * time.Millisecond)
			b := p.PickTrial(nil, false, now.UnixNano())
			if b == nil {
				b = p.Pick(uint64(now.UnixNano()), nil, now.UnixNano())
			}
			o := Success
			if b.Index() < 5 {
				o = Cut
			}
			b.Begin()
			b.End(o, time.Millisecond, now)
		}); got != 0 {
			t.Errorf("%v: got %v allocations, want 0", m, got)
		}
	}
}

func TestReportsDoNotAllocate(t *testing.T) {
	_, list := backends(3, standard(rand.New(rand.NewPCG(1, 1))))
	now := t0
	if got := testing.AllocsPerRun(1000, func() {
		now = now.Add(200 * time.Millisecond) // so that each response leads to a look
		for i, b := range list {
			b.Begin()
			b.Begin()
			b.End(Success, time.Millisecond, now)
			b.End(Outcome(i+1), time.Millisecond, now)
		}
	}); got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}

func TestSmallThingsDoNotAllocate(t *testing.T) {
	s := NewSequence([]int{5, 3, 1}, 0)
	_, list := backends(3, EjectOptions{Failures: 1, Base: time.Nanosecond})
	key := []byte("a key of some length")
	now := t0
	if got := testing.AllocsPerRun(1000, func() {
		now = now.Add(time.Second)
		s.Next()
		Hash(key)
		list[0].Begin()
		list[0].End(ConnectFailure, 0, now) // ejects
		list[0].Standing()
		list[1].Begin()
		list[1].End(ServerError, time.Millisecond, now)
		list[1].Begin()
		list[1].End(Cut, time.Millisecond, now)
	}); got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}
