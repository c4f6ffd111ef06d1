package lb

import "time"

// succeed takes the success of an attempt that began at this time (unix ns).
func (b *Backend) succeed(began int64) {
	if b.failures.Load() != 0 {
		b.failures.Store(0)
	}
	// A success of an attempt from before the ejection proves nothing about now.
	if b.streak.Load() == 0 || began < b.since.Load() {
		return
	}
	l := b.ledger.Load()
	l.mu.Lock()
	defer l.mu.Unlock()
	if since := b.since.Load(); began >= since {
		b.streak.Store(0)
		if end := began; b.until.Load() > end { // picked although ejected, since nothing else was left
			b.until.Store(end)
		}
	}
}

// fail takes a connection failure of an attempt that began at this time.
func (g *Group) fail(b *Backend, began int64, now time.Time) {
	// Attempts that were under way when the backend was ejected, or tried it
	// although it was, tell nothing new.
	if began < b.until.Load() || g.eject.Failures <= 0 {
		return
	}
	if n := b.failures.Add(1); n < int64(g.eject.Failures) && b.streak.Load() == 0 {
		return
	}
	until, ok := g.tryEject(b, began, now)
	if ok && g.eject.OnEject != nil {
		g.eject.OnEject(b, until)
	}
}

// tryEject takes b out unless too many are out already.
func (g *Group) tryEject(b *Backend, began int64, now time.Time) (until time.Time, ok bool) {
	l := b.ledger.Load()
	l.mu.Lock()
	defer l.mu.Unlock()
	if began < b.until.Load() || g.out(now.UnixNano()) >= g.atMost() {
		return time.Time{}, false
	}
	until = now.Add(g.pause(b.streak.Load()))
	b.failures.Store(0)
	b.streak.Add(1)
	b.ejections.Add(1)
	b.since.Store(now.UnixNano())
	b.until.Store(until.UnixNano())
	l.quiet.Store(max(l.quiet.Load(), until.UnixNano()))
	return until, true
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
