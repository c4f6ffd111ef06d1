package lb

import (
	"sync"
	"sync/atomic"
	"time"
)

// Group is the set of backends of one upstream and the rule of their ejection.
// It is immutable; the state lives in the backends.
type Group struct {
	backends []*Backend
	eject    EjectOptions
	ledger   *ledger
}

// ledger is what all groups in the life of one upstream share, so that nothing
// is lost or counted twice while one group follows another.
type ledger struct {
	mu       sync.Mutex   // one ejection is decided at a time
	inFlight atomic.Int64 // attempts in flight over all backends
	quiet    atomic.Int64 // unix ns: from here on no backend is ejected
}

// EjectOptions says when a backend is left alone and for how long.
type EjectOptions struct {
	Failures int           // consecutive connection failures that eject; 0 = never eject
	Base     time.Duration // how long the first time; 0 = 1 s
	Max      time.Duration // bound of the doubling; 0 = 30 s
	AtMost   float64       // share of the group that may be out at once, 0..1; 0 = 0.5. At least one may, in a group of two or more

	// OnEject is called after a backend was ejected, on the goroutine of the
	// attempt that failed: it must be quick. nil = nothing is called.
	OnEject func(b *Backend, until time.Time)
}

// State is the health of a backend as the administrator sees it.
type State uint8

const (
	Up      State = iota // picked by its weight
	Ejected              // left alone until its time is over or a probe succeeds
)

// String returns "up" or "ejected".
func (s State) String() string {
	if s == Ejected {
		return "ejected"
	}
	return "up"
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
	for _, b := range g.backends {
		if b.ledger != nil {
			g.ledger = b.ledger
			break
		}
	}
	if g.ledger == nil {
		g.ledger = &ledger{}
	}
	for _, b := range g.backends {
		if b.ledger == nil {
			b.ledger = g.ledger
		}
		b.group.Store(g)
	}
	return g
}

// Backends returns the members in the order given to NewGroup. It is read-only.
func (g *Group) Backends() []*Backend { return g.backends }

// State returns the backend's health, since when it holds and why. The zero
// time means since the start; the reason is empty while it is up. A backend is
// up again from the end of its ejection, whether or not it has been picked.
func (b *Backend) State(now time.Time) (s State, since time.Time, reason string) {
	until := b.until.Load()
	switch {
	case until == 0:
		return Up, time.Time{}, ""
	case until <= now.UnixNano():
		return Up, time.Unix(0, until), ""
	default:
		return Ejected, time.Unix(0, b.since.Load()), "connect-failures"
	}
}

// Ejected reports whether the backend is ejected at this time (unix ns).
func (b *Backend) Ejected(now int64) bool { return b.until.Load() > now }

// EjectedUntil returns the end of the latest ejection; the zero time when there
// has been none.
func (b *Backend) EjectedUntil() time.Time {
	if until := b.until.Load(); until != 0 {
		return time.Unix(0, until)
	}
	return time.Time{}
}

// Restore ends the backend's ejection because a probe has reached it. The next
// ejection still counts as a repeated one, until an attempt succeeds. It reports
// whether the backend was ejected.
func (g *Group) Restore(b *Backend, now time.Time) bool {
	g.ledger.mu.Lock()
	defer g.ledger.mu.Unlock()
	if !b.Ejected(now.UnixNano()) {
		return false
	}
	b.until.Store(now.UnixNano())
	return true
}
