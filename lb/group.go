package lb

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Group is the set of backends of one upstream and the rule of their ejection. It is made by
// NewGroup, immutable and safe for concurrent use; the state is in the backends.
type Group struct {
	backends []*Backend
	eject    EjectOptions
	ledgers  []*ledger // of the backends, each once: nearly always a single one
	perNano  float64   // periods of a window in a nanosecond
	counts   bool      // the attempts of backends are counted in their windows
	looks    bool      // responses lead to a look at all members
}

// ledger is what backends share over all groups that they are members of, so
// that nothing is lost or counted twice while one group follows another. A
// backend enters that of its first group and never leaves it.
type ledger struct {
	inFlight atomic.Int64 // attempts in flight over all its backends
	latency  ewma         // of the successes of all its backends

	_        [64]byte              // what follows is read by every pick and every response
	group    atomic.Pointer[Group] // the latest with one of its backends
	out      atomic.Int64          // members of that group that are not usable
	warm     atomic.Int64          // unix ns: when the last slow start ends
	nextLook atomic.Int64          // unix ns: when the members may be looked at again
	nextTime atomic.Int64          // unix ns: when the durations of their responses may be
	slowest  atomic.Int64          // ns: 99 % of the latest responses took at most so long
	looking  atomic.Bool           // a look is under way
	mu       sync.Mutex            // one ejection is decided at a time; guards what is past
}

// count counts the members that are not usable. Its mu is held.
func (l *ledger) count() { l.out.Store(int64(l.group.Load().out())) }

// EjectOptions says when a backend is left alone and for how long. The zero value ejects
// nothing. Negative numbers mean the same as 0. Errors and Slow eject only when chance does not
// explain the difference.
type EjectOptions struct {
	Failures int           // consecutive failures that eject; a ServerError ends the row and does not count; 0 = they never do
	Errors   float64       // by how much its share of failures must exceed that of the others to eject it, 0..1; 0 = it never does
	Min      int           // within Within, at least: attempts before Errors counts, successful ones before Slow does; 0 = 20
	Within   time.Duration // length of the window of Errors and Slow; 0 = 10 s
	Silent   time.Duration // three attempts that wait, none of which has had a response for so long and 8 times a slow response of the group, eject while others respond; 0 = they never do
	Slow     float64       // a median of so many times that of the others, and at least 50 ms above it, ejects; 0 = it never does
	Base     time.Duration // pause of the first ejection, give or take 10 %; 0 = 1 s
	Max      time.Duration // bound of the pause, give or take 10 %, which doubles with each further ejection and is halved for each Max without one; 0 = 30 s
	AtMost   float64       // share of the group, rounded down, that may be out at once, 0..1; 0 = 0.5. At least one may, in a group of two or more, and never the last

	Breaker   BreakerOptions // stops the attempts at a member that fails, whatever the others do; the zero value does not
	SlowStart time.Duration  // how long the share of a member that has come back or is new grows to its weight; 0 = it has it at once

	Random func() float64 // 0..1, for the jitter of ejections; safe for concurrent use; nil = math/rand/v2

	// OnChange is called after an attempt has changed the standing of a backend to s, on the
	// goroutine of any attempt at the group and on several at once: it must be quick. It may
	// call methods of b. Restore does not call it. nil = nothing is called.
	OnChange func(b *Backend, s Standing)
}

func (o EjectOptions) withDefaults() EjectOptions {
	o.Min = cmp.Or(max(o.Min, 0), 20)
	o.Within = cmp.Or(max(o.Within, 0), 10*time.Second)
	o.Base = cmp.Or(max(o.Base, 0), time.Second)
	o.Max = cmp.Or(max(o.Max, 0), 30*time.Second)
	o.AtMost = cmp.Or(max(o.AtMost, 0), 0.5)
	o.Breaker = o.Breaker.withDefaults()
	if o.Random == nil {
		o.Random = rand.Float64
	}
	return o
}

// NewGroup makes a group of backends, of which there may be none; none may be nil. It copies
// the slice. Those that were members of an earlier group keep their state and report to this
// one from now on. A backend belongs to the groups of one upstream only.
func NewGroup(backends []*Backend, o EjectOptions) *Group {
	g := &Group{backends: append([]*Backend(nil), backends...), eject: o.withDefaults()}
	g.perNano = windowSlots / float64(g.eject.Within)
	g.looks = g.eject.Silent > 0 || g.eject.Slow > 0
	g.counts = g.looks || g.eject.Errors > 0
	shared := g.oldestLedger()
	for _, b := range g.backends {
		b.ledger.CompareAndSwap(nil, shared)
		if l := b.ledger.Load(); !slices.Contains(g.ledgers, l) {
			g.ledgers = append(g.ledgers, l)
		}
		if g.looks && b.durations.Load() == nil {
			b.durations.CompareAndSwap(nil, new(durations))
		}
		if g.eject.Breaker.OpenAt > 0 && b.breaker.Load() == nil {
			b.breaker.CompareAndSwap(nil, new(breaker))
		}
		b.group.Store(g)
	}
	for _, l := range g.ledgers {
		l.mu.Lock()
		l.group.Store(g)
		g.unbreak(l)
		l.count()
		l.mu.Unlock()
	}
	return g
}

// oldestLedger returns the ledger that new members shall enter.
func (g *Group) oldestLedger() *ledger {
	for _, b := range g.backends {
		if l := b.ledger.Load(); l != nil {
			return l
		}
	}
	return &ledger{}
}

// inFlight returns the attempts in flight over all members. Those of backends
// that have left the upstream count until they end.
func (g *Group) inFlight() int64 {
	var sum int64
	for _, l := range g.ledgers {
		sum += l.inFlight.Load()
	}
	return sum
}

// quiet reports whether every member is usable; false may also mean: not known.
func (g *Group) quiet() bool {
	for _, l := range g.ledgers {
		if l.out.Load() != 0 {
			return false
		}
	}
	return true
}

// Backends returns the members in the order given to NewGroup. The slice is that of the group:
// callers must not change it.
func (g *Group) Backends() []*Backend { return g.backends }
