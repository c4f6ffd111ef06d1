package lb

import (
	"fmt"
	"math"
	"testing"
	"time"
)

// t0 is the start of every simulated time.
var t0 = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// backends makes n backends in a group with the rule of ejection, without jitter unless
// the rule has some.
func backends(n int, o EjectOptions) (*Group, []*Backend) {
	if o.Random == nil {
		o.Random = func() float64 { return 0.5 }
	}
	var list []*Backend
	for i := range n {
		list = append(list, NewBackend(fmt.Sprintf("10.0.%d.%d:80", i/256, i%256), i))
	}
	return NewGroup(list, o), list
}

// shares picks n times without load and counts by index.
func shares(p *Pool, n int, tried *Set) []int {
	count := make([]int, len(p.group.backends))
	for i := range n {
		if b := p.Pick(Hash([]byte{byte(i), byte(i >> 8), byte(i >> 16)}), tried, t0.UnixNano()); b != nil {
			count[b.Index()]++
		}
	}
	return count
}

// wantShares fails unless the counts follow the weights within tolerance, which
// is relative to the fair count.
func wantShares(t *testing.T, got []int, weights []int, tolerance float64) {
	t.Helper()
	total, sum := 0, 0
	for _, n := range got {
		total += n
	}
	for _, w := range weights {
		sum += w
	}
	for i, w := range weights {
		fair := float64(total) * float64(w) / float64(sum)
		if math.Abs(float64(got[i])-fair) > tolerance*fair {
			t.Errorf("backend %d of weight %d: got %d of %d picks, want %.0f within %.1f %%", i, w, got[i], total, fair, 100*tolerance)
		}
	}
}

// eject takes b out by connection failures at t0.
func eject(b *Backend) {
	for range b.group.Load().eject.Failures {
		b.Begin()
		b.End(ConnectFailure, 0, t0)
	}
}

// world is a closed loop of clients over backends that serve one request after
// the other (or all at once), in simulated time.
type world struct {
	pool     *Pool
	service  []time.Duration // by Backend.Index
	parallel bool
	outcome  []Outcome // by Backend.Index; nil: all succeed
	clients  int
	key      func(client int) uint64

	observe func(b *Backend, at time.Time) // called after each Begin
}

// flight is a request that a client waits for.
type flight struct {
	b           *Backend
	began, ends time.Time
}

// run lets every client send one request after the other until the number is
// reached, and returns the counts by index.
func (w *world) run(requests int) []int {
	count := make([]int, len(w.service))
	free := make([]time.Time, len(w.service))
	flying := make([]flight, w.clients)
	send := func(client int, now time.Time) {
		key := uint64(0)
		if w.key != nil {
			key = w.key(client)
		}
		b := w.pool.Pick(key, nil, now.UnixNano())
		b.Begin()
		if w.observe != nil {
			w.observe(b, now)
		}
		start := now
		if at := free[b.Index()]; !w.parallel && at.After(start) {
			start = at
		}
		free[b.Index()] = start.Add(w.service[b.Index()])
		flying[client] = flight{b, now, free[b.Index()]}
		count[b.Index()]++
	}
	for client := range flying {
		send(client, t0)
	}
	for range requests - w.clients {
		next := 0
		for i := range flying {
			if flying[i].ends.Before(flying[next].ends) {
				next = i
			}
		}
		f := flying[next]
		w.end(f)
		send(next, f.ends)
	}
	for _, f := range flying {
		w.end(f)
	}
	return count
}

// end reports what became of a request.
func (w *world) end(f flight) {
	o := Success
	if w.outcome != nil {
		o = w.outcome[f.b.Index()]
	}
	f.b.End(o, f.ends.Sub(f.began), f.ends)
}
