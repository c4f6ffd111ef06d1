package lb

import (
	"cmp"
	"time"
)

// downAfter is how many attempts in a row without a response make a backend count
// as failing where the options of ejection name no number.
const downAfter = 5

// succeeded takes a successful attempt, which took so long. l is nil before the backend is
// the member of a group.
func (b *Backend) succeeded(l *ledger, took time.Duration, now time.Time) {
	if b.failures.Load() != 0 {
		b.failures.Store(0)
	}
	if b.unanswered.Load() != 0 {
		b.unanswered.Store(0)
	}
	if b.failing.Load() != 0 || b.until.Load() != 0 {
		b.recover(Success, now.UnixNano()-int64(took), now)
	}
	if l == nil {
		return
	}
	g := b.group.Load()
	if !g.counts {
		return
	}
	ns := now.UnixNano()
	period := g.period(ns)
	b.window.add(period, false)
	if !g.looks {
		return
	}
	if d := b.durations.Load(); d != nil {
		d.add(period, took)
	}
	if ns >= l.nextLook.Load() {
		g.look(l, now)
	}
}

// responded takes a failed attempt that had a response, so the backend can be reached.
func (b *Backend) responded(o Outcome, began int64, now time.Time) {
	if o == ServerError && b.failures.Load() != 0 {
		b.failures.Store(0) // not a row any more
	}
	if b.unanswered.Load() != 0 {
		b.unanswered.Store(0)
	}
	if b.failing.Load() != 0 {
		b.recover(o, began, now)
	}
}

// recover ends what failures have led to after a response to an attempt that began at this
// time (unix ns): that the backend is failing, and when it succeeded also its ejection. An
// attempt from before proves nothing about now.
func (b *Backend) recover(o Outcome, began int64, now time.Time) {
	l := b.ledger.Load()
	g := b.group.Load()
	l.mu.Lock()
	back := false
	if since := b.failing.Load(); since != 0 && began >= since {
		b.failing.Store(0)
		b.past.recovered = now.UnixNano()
		back = true
	}
	if o == Success && b.until.Load() != 0 && began >= b.past.since {
		g.takeBack(b, now)
		back = true
	}
	s := b.standing()
	l.mu.Unlock()
	if back {
		g.changed(b, s)
	}
}

// failed takes a failed attempt that began at this time (unix ns). It does nothing before
// the backend is the member of a group.
func (b *Backend) failed(o Outcome, began int64, now time.Time) {
	g := b.group.Load()
	switch {
	case g == nil:
		return
	case b.until.Load() != 0:
		v := Verdict{Cause: o, Trial: true}
		if o == ConnectFailure {
			v.Ground = ByFailures // which a probe can end
		}
		g.trialFailed(b, v, began, now)
		return
	case began < b.returned.Load():
		return // from before its ejection: it says nothing new
	}
	if g.counts {
		b.window.add(g.period(now.UnixNano()), true)
	}
	refused := o != ServerError && g.failedInRow(b, o, now) == refused
	g.lookAtErrors(b, o, now)
	if !o.response() {
		g.unanswered(b, o, refused, now)
	}
}

// response reports whether the attempt had a response.
func (o Outcome) response() bool { return o == Success || o == ServerError || o == Unavailable }

// unanswered counts an attempt without a response. b is failing when its ejection was
// refused, or when there were too many of them.
func (g *Group) unanswered(b *Backend, o Outcome, refused bool, now time.Time) {
	if n := b.unanswered.Add(1); !refused && n < g.downAfter() {
		return
	}
	l := b.ledger.Load()
	l.mu.Lock()
	if b.until.Load() != 0 {
		l.mu.Unlock()
		return
	}
	b.past.cause = o
	began := b.failing.CompareAndSwap(0, now.UnixNano())
	s := b.standing()
	l.mu.Unlock()
	if began {
		g.changed(b, s)
	}
}

// ejection is what became of a backend that was looked at.
type ejection uint8

const (
	notDue  ejection = iota // too few failures, or no ejections are wanted
	ejected                 // it is left alone now
	refused                 // it would be, but as many as may be are out already
)

// failedInRow counts a failure that is one of a row, and ejects the backend when it is due.
func (g *Group) failedInRow(b *Backend, o Outcome, now time.Time) ejection {
	if g.eject.Failures <= 0 {
		return notDue
	}
	n := b.failures.Add(1)
	if n < int64(g.eject.Failures) {
		return notDue
	}
	return g.tryEject(b, Verdict{Ground: ByFailures, Cause: o, Failed: int(n), Of: int(n)}, now)
}

// tryEject takes b out unless too many are out already.
func (g *Group) tryEject(b *Backend, v Verdict, now time.Time) ejection {
	l := b.ledger.Load()
	l.mu.Lock()
	p, ns := &b.past, now.UnixNano()
	switch {
	case b.until.Load() != 0:
		l.mu.Unlock()
		return notDue
	case g.out() >= g.atMost():
		if p.refusedAt == 0 || ns-p.refusedAt >= int64(g.pause(p.streak)) {
			p.refusedAt = ns
			p.refused++
		}
		l.mu.Unlock()
		return refused
	}
	if p.recovered != 0 { // each time of the longest pause without an ejection takes one back
		p.streak = max(0, p.streak-int((ns-p.recovered)/int64(g.eject.Max)))
	}
	s := g.takeOut(b, v, now)
	l.mu.Unlock()
	g.changed(b, s)
	return ejected
}

// takeOut begins an ejection of b, or the next one after a trial. The ledger's mu is held.
func (g *Group) takeOut(b *Backend, v Verdict, now time.Time) Standing {
	p := &b.past
	b.leaves(now)
	p.since, p.verdict = now.UnixNano(), v
	pause := g.pause(p.streak)
	pause += time.Duration((g.eject.Random() - 0.5) / 5 * float64(pause)) // so that instances do not try together
	if g.pause(p.streak) < g.eject.Max {
		p.streak++
	}
	p.ejections[v.Ground]++
	b.trial.Store(0)
	b.until.Store(now.Add(pause).UnixNano())
	b.setBar(barEjected, barEjected)
	b.forget(now)
	b.ledger.Load().count()
	return b.standing()
}

// takeBack ends the ejection of b. The ledger's mu is held.
func (g *Group) takeBack(b *Backend, now time.Time) {
	b.past.recovered = now.UnixNano()
	b.until.Store(0)
	b.setBar(barEjected, 0)
	b.trial.Store(0)
	b.forget(now)
	g.comesBack(b, now)
}

// forget clears the counts of b. Attempts that began before now are not counted any more.
func (b *Backend) forget(now time.Time) {
	b.returned.Store(now.UnixNano())
	b.window.clear()
	if d := b.durations.Load(); d != nil {
		d.clear()
	}
	b.failures.Store(0)
	b.unanswered.Store(0)
	b.failing.Store(0)
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

// pause returns the length of an ejection after so many others, without its jitter.
func (g *Group) pause(streak int) time.Duration {
	d := g.eject.Base
	for ; streak > 0 && d < g.eject.Max; streak-- {
		d *= 2
	}
	return min(d, g.eject.Max)
}

// out returns how many members are not usable.
func (g *Group) out() int {
	n := 0
	for _, b := range g.backends {
		if !b.Usable() {
			n++
		}
	}
	return n
}

// atMost returns how many members may be ejected at once: at least one, but never the last.
func (g *Group) atMost() int {
	n := len(g.backends)
	if n < 2 {
		return 0
	}
	return max(1, min(n-1, int(float64(n)*g.eject.AtMost)))
}
