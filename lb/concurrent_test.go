package lb

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestConcurrentUse lets requests, ejections, probes, readers and changes of the
// group go on at once; under -race it looks for races, and at the end nothing
// may be in flight and everything be up again.
func TestConcurrentUse(t *testing.T) {
	eachMethod(t, func(t *testing.T, o Options) {
		var ejected atomic.Int64
		rule := EjectOptions{Failures: 1, Base: time.Microsecond, OnChange: func(_ *Backend, s Standing) {
			if s.Ejected {
				ejected.Add(1)
			}
		}}
		g, list := backends(10, rule)
		var current atomic.Pointer[Pool]
		current.Store(NewPool(g, nil, nil, o))

		var wg sync.WaitGroup
		for worker := range 6 {
			wg.Go(func() {
				var tried Set
				for i := range 1000 {
					now := t0.Add(time.Duration(i) * time.Microsecond)
					tried.Reset()
					for try := range 3 {
						b := current.Load().Pick(keyOf(i*worker), &tried, now.UnixNano())
						b.Begin()
						b.End(Outcome((i/7+try+b.Index())%int(Abandoned+1)), time.Duration(1+i%100), now)
						tried.Add(b)
					}
				}
			})
		}
		wg.Go(func() {
			for i := range 10 { // the address list changes
				next := NewGroup(list[i%5:], rule)
				current.Store(NewPool(next, nil, nil, o))
				for _, b := range list {
					next.Restore(b, Connected, t0, t0.Add(time.Millisecond))
					b.Standing()
					b.Latency()
				}
			}
		})
		wg.Wait()
		var ejections uint64
		for _, b := range list {
			if b.InFlight() != 0 {
				t.Errorf("%s has %d in flight at the end, want 0", b.Address(), b.InFlight())
			}
			by, _ := b.Ejections()
			for _, n := range by {
				ejections += n
			}
		}
		if n := g.inFlight(); n != 0 {
			t.Errorf("the groups count %d in flight at the end, want 0", n)
		}
		if ejections == 0 || ejections != uint64(ejected.Load()) {
			t.Errorf("got %d ejections and %d calls of OnChange for them, want the same and some", ejections, ejected.Load())
		}
	})
}
