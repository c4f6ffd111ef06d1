package lb

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Group is the set of backends of one upstream and the rule of their ejection.
// It is immutable; the state lives in the backends.
type Group struct {
	backends []*Backend
	eject    EjectOptions
	ledgers  []*ledger // of the backends, each once: nearly always a single one
}

// ledger is what backends share over all groups that they are members of, so
// that nothing is lost or counted twice while one group follows another. A
// backend enters that of its first group and never leaves it.
type ledger struct {
	mu       sync.Mutex   // one ejection is decided at a time
	inFlight atomic.Int64 // attempts in flight over all its backends
	latency  ewma         // of the successes of all its backends
	quiet    atomic.Int64 // unix ns: from here on none of its backends is ejected
}

// EjectOptions says when a backend is left alone and for how long.
type EjectOptions struct {
	Failures int           // consecutive connection failures that eject; 0 = never eject
	Base     time.Duration // how long the first time; 0 = 1 s
	Max      time.Duration // bound of the doubling; 0 = 30 s
	AtMost   float64       // share of the group that may be out at once, 0..1; 0 = 0.5. At least one may, in a group of two or more

	// OnChange is called after an attempt has changed the standing of a backend, on
	// the goroutine of that attempt: it must be quick. nil = nothing is called.
	OnChange func(b *Backend, s Standing)
}

// NewGroup makes a group of backends. Those that were members of an earlier
// group keep their state and report to this one from now on. A backend belongs
// to the groups of one upstream only.
func NewGroup(backends []*Backend, o EjectOptions) *Group {
	if o.Base <= 0 {
		o.Base = time.Second
	}
	if o.Max <= 0 {
		o.Max = 30 * time.Second
	}
	if o.AtMost <= 0 {
		o.AtMost = 0.5
	}
	g := &Group{backends: append([]*Backend(nil), backends...), eject: o}
	shared := g.oldestLedger()
	for _, b := range g.backends {
		b.ledger.CompareAndSwap(nil, shared)
		if l := b.ledger.Load(); !slices.Contains(g.ledgers, l) {
			g.ledgers = append(g.ledgers, l)
		}
		b.group.Store(g)
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

// quiet reports whether no member is ejected; false may also mean: not known.
func (g *Group) quiet(now int64) bool {
	for _, l := range g.ledgers {
		if l.quiet.Load() > now {
			return false
		}
	}
	return true
}

// Backends returns the members in the order given to NewGroup. It is read-only.
func (g *Group) Backends() []*Backend { return g.backends }
