package lb

import "time"

// Standing is what attempts have shown of a backend. At most one of Ejected and
// Failing is set. A backend that is neither may be picked like any other.
type Standing struct {
	// Ejected: left alone until Until, or until an attempt or a probe succeeds.
	Ejected bool
	// Failing: the last attempts got no response, yet it is picked by its weight:
	// as many as may be are ejected already, or such failures do not eject.
	Failing bool

	Cause Outcome   // of Ejected and Failing: ConnectFailure, Timeout or Cut, the latest when it fails; else Success
	Since time.Time // when this began; zero means since the start
	Until time.Time // end of the ejection; zero when not Ejected
}

// Standing returns what attempts have shown of the backend up to now. An ejection
// that has passed is over, whether or not the backend has been picked since.
func (b *Backend) Standing(now time.Time) Standing {
	until, failing := b.until.Load(), b.failing.Load()
	switch {
	case until > now.UnixNano():
		return Standing{
			Ejected: true, Cause: Outcome(b.cause.Load()),
			Since: time.Unix(0, b.since.Load()), Until: time.Unix(0, until),
		}
	case failing != 0:
		return Standing{Failing: true, Cause: Outcome(b.cause.Load()), Since: time.Unix(0, failing)}
	}
	if since := max(until, b.recovered.Load()); since != 0 {
		return Standing{Since: time.Unix(0, since)}
	}
	return Standing{}
}

// Ejected reports whether the backend is ejected at this time (unix ns).
func (b *Backend) Ejected(now int64) bool { return b.until.Load() > now }

// Restore ends what connection failures have led to, because a probe has connected
// to the backend. The next ejection still counts as a repeated one, until an attempt
// succeeds. It reports whether there was something to end.
func (g *Group) Restore(b *Backend, now time.Time) bool {
	l := b.ledger.Load()
	l.mu.Lock()
	defer l.mu.Unlock()
	out := b.Ejected(now.UnixNano())
	if Outcome(b.cause.Load()) != ConnectFailure || !out && b.failing.Load() == 0 {
		return false
	}
	if out {
		b.until.Store(now.UnixNano())
	}
	b.unanswered.Store(0)
	if b.failing.Swap(0) != 0 {
		b.recovered.Store(now.UnixNano())
	}
	return true
}
