package lb

import (
	"cmp"
	"time"
)

// downAfter is how many attempts in a row without a response make a backend count
// as failing where the options of ejection name no number.
const downAfter = 5

// responded takes a response to an attempt that began at this time (unix ns).
func (b *Backend) responded(began int64, now time.Time) {
	if b.failures.Load() != 0 {
		b.failures.Store(0)
	}
	if b.unanswered.Load() != 0 {
		b.unanswered.Store(0)
	}
	// A response to an attempt from before the failures proves nothing about now.
	back := false
	if since := b.failing.Load(); since != 0 && began >= since && b.failing.CompareAndSwap(since, 0) {
		b.recovered.Store(now.UnixNano())
		back = true
	}
	if b.streak.Load() != 0 && began >= b.since.Load() {
		back = b.endStreak(began) || back
	}
	if back {
		b.group.Load().changed(b, Standing{Since: now})
	}
}

// endStreak ends the doubling of ejections and, when the backend was picked although
// it is ejected, its ejection too. It reports whether it did the latter.
func (b *Backend) endStreak(began int64) (returned bool) {
	l := b.ledger.Load()
	l.mu.Lock()
	defer l.mu.Unlock()
	if began < b.since.Load() {
		return false // ejected anew meanwhile
	}
	b.streak.Store(0)
	if b.until.Load() <= began {
		return false
	}
	b.until.Store(began) // nothing else was left to pick
	return true
}

// failed takes an attempt without a response. It does nothing before the backend is
// the member of a group.
func (b *Backend) failed(o Outcome, began int64, now time.Time) {
	g := b.group.Load()
	// Attempts that were under way when the backend was ejected, or that it was
	// given although it was, tell nothing new.
	if g == nil || began < b.until.Load() {
		return
	}
	var ejection ejection
	var pause time.Duration
	if o == ConnectFailure {
		ejection, pause = g.connectFailed(b, began, now)
	}
	switch n := b.unanswered.Add(1); {
	case ejection == ejected:
		b.unanswered.Store(0)
		b.failing.Store(0)
		g.changed(b, Standing{Ejected: true, Cause: o, Since: now, Until: now.Add(pause)})
	case ejection == refused || n >= g.downAfter():
		b.cause.Store(uint32(o))
		if b.failing.CompareAndSwap(0, now.UnixNano()) {
			g.changed(b, Standing{Failing: true, Cause: o, Since: now})
		}
	}
}

// ejection is what became of a backend that could not be connected to.
type ejection uint8

const (
	notDue  ejection = iota // too few failures, or no ejections are wanted
	ejected                 // it is left alone now
	refused                 // it would be, but as many as may be are out already
)

// connectFailed counts a connection failure and ejects the backend when it is due;
// then pause is for how long.
func (g *Group) connectFailed(b *Backend, began int64, now time.Time) (e ejection, pause time.Duration) {
	if g.eject.Failures <= 0 {
		return notDue, 0
	}
	if n := b.failures.Add(1); n < int64(g.eject.Failures) && b.streak.Load() == 0 {
		return notDue, 0
	}
	return g.tryEject(b, began, now)
}

// tryEject takes b out unless too many are out already.
func (g *Group) tryEject(b *Backend, began int64, now time.Time) (e ejection, pause time.Duration) {
	l := b.ledger.Load()
	l.mu.Lock()
	defer l.mu.Unlock()
	if began < b.until.Load() {
		return notDue, 0
	}
	if g.out(now.UnixNano()) >= g.atMost() {
		return refused, 0
	}
	pause = g.pause(b.streak.Load())
	until := now.Add(pause).UnixNano()
	b.failures.Store(0)
	b.streak.Add(1)
	b.ejections.Add(1)
	b.since.Store(now.UnixNano())
	b.cause.Store(uint32(ConnectFailure))
	b.until.Store(until)
	l.quiet.Store(max(l.quiet.Load(), until))
	return ejected, pause
}

// downAfter returns how many attempts in a row without a response make a member
// count as failing.
func (g *Group) downAfter() int64 {
	return int64(cmp.Or(max(g.eject.Failures, 0), downAfter))
}

// changed reports to the owner of the group that attempts have changed the standing of b.
func (g *Group) changed(b *Backend, s Standing) {
	if f := g.eject.OnChange; f != nil {
		f(b, s)
	}
}

// pause returns the length of an ejection after so many in a row.
func (g *Group) pause(streak int64) time.Duration {
	d := g.eject.Base
	for ; streak > 0 && d < g.eject.Max; streak-- {
		d *= 2
	}
	return min(d, g.eject.Max)
}

// out returns how many members are ejected.
func (g *Group) out(now int64) int {
	n := 0
	for _, b := range g.backends {
		if b.Ejected(now) {
			n++
		}
	}
	return n
}

// atMost returns how many members may be ejected at once: none of a single one.
func (g *Group) atMost() int {
	n := len(g.backends)
	if n < 2 {
		return 0
	}
	return max(1, min(n, int(float64(n)*g.eject.AtMost)))
}
