package ratelimit

import (
	"cmp"
	"slices"
	"time"
)

// MaxGroup is the largest number of limits of a Group.
const MaxGroup = 8

// Group is limits that are checked together: an event is charged to all of them or to none. It is
// immutable, and safe for concurrent use. The zero value has no limits and allows every event.
type Group struct {
	limits []*Keyed
	order  []int // in which they are locked: by rank, so that two groups never wait for each other
}

// NewGroup returns a group of at most MaxGroup different limits, in this order. It does not check
// that: with more of them Take panics, with one of them twice it can deadlock. It keeps the slice.
func NewGroup(limits ...*Keyed) *Group {
	g := &Group{limits: limits}
	for i := range limits {
		g.order = append(g.order, i)
	}
	slices.SortFunc(g.order, func(a, b int) int { return cmp.Compare(limits[a].rank, limits[b].rank) })
	return g
}

// Waits are how long each limit of a group, in its order, makes an event wait; zero for one that
// allows it.
type Waits [MaxGroup]time.Duration

// Longest returns the longest of them; zero when all limits allow the event.
func (w *Waits) Longest() time.Duration { return slices.Max(w[:]) }

// Take charges one event at now (in nanoseconds, not negative) to every limit if all of them
// allow it. keys[i] is the key for the limit i, hashed under its Seed. False means that none was
// charged; waits then says how long each limit that refused makes the event wait. The caller
// sets waits to zero before; with true it is not written.
func (g *Group) Take(keys *[MaxGroup]uint64, now int64, waits *Waits) (allowed bool) {
	var found [MaxGroup]int
	allowed = true
	for _, i := range g.order {
		k := g.limits[i]
		s := k.set(keys[i])
		s.mu.Lock()
		found[i] = s.find(keys[i])
		if wait := k.rate.wait(s.tatOf(found[i]), now); wait > 0 {
			waits[i], allowed = time.Duration(wait), false
		}
	}
	for _, i := range g.order {
		k := g.limits[i]
		s := k.set(keys[i])
		if allowed {
			k.charge(s, found[i], keys[i], now)
		}
		s.mu.Unlock()
	}
	return allowed
}
