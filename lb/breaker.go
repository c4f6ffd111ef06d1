package lb

import (
	"cmp"
	"sync/atomic"
	"time"
)

// maxProbe is how many times BreakerOptions.Probe the time becomes for which a breaker stays
// open.
const maxProbe = 8

// BreakerOptions says when no attempts are made at a backend any more, whatever the others do.
// The zero value switches the breaker off.
type BreakerOptions struct {
	OpenAt float64       // share of the attempts within Within that failed which opens it, 0..1; 0 or less = never
	Min    int           // attempts within Within, at least; 0 or less = 20
	Within time.Duration // length of the window; 0 or less = 10 s
	Probe  time.Duration // how long it stays open before the first attempt, give or take 10 %; doubles with each failed one, up to 8 times; 0 or less = 10 s
	Trials int           // attempts in a row that must succeed to close it, one at a time; 0 or less = 3
}

func (o BreakerOptions) withDefaults() BreakerOptions {
	o.Min = cmp.Or(max(o.Min, 0), 20)
	o.Within = cmp.Or(max(o.Within, 0), 10*time.Second)
	o.Probe = cmp.Or(max(o.Probe, 0), 10*time.Second)
	o.Trials = cmp.Or(max(o.Trials, 0), 3)
	return o
}

// period returns the period of the window that this time (unix ns) belongs to.
func (o *BreakerOptions) period(now int64) int64 {
	return int64(float64(now) * (windowSlots / float64(o.Within)))
}

// breaker is the breaker of one backend.
type breaker struct {
	window window       // while it is closed
	until  atomic.Int64 // unix ns: when the time ends for which it is open and it is half-open; 0 = closed

	// The ledger's mu guards what follows.
	since  int64 // unix ns: when it opened the last time; attempts that began before say nothing any more
	tally  tally // what opened it
	good   int   // attempts in a row that have succeeded while it was half-open
	streak int   // how often in a row it has opened
	opened uint64
}

// Breaking is the state of a breaker. The zero value is a closed one.
type Breaking struct {
	Open   bool      // open, or half-open from Until on
	Since  time.Time // when it was opened
	Until  time.Time // when it is half-open: one attempt at a time
	Failed int       // attempts that failed, of Of, when it was opened the first time in a row
	Of     int
	Good   int    // attempts that have succeeded since it is half-open
	Opened uint64 // how often it has opened, also while it is closed
}

// breaking returns the state of the breaker. The ledger's mu is held.
func (b *Backend) breaking() (s Breaking) {
	k := b.breaker.Load()
	if k == nil {
		return s
	}
	s.Opened = k.opened
	if until := k.until.Load(); until != 0 {
		s.Open, s.Since, s.Until = true, time.Unix(0, k.since), time.Unix(0, until)
		s.Failed, s.Of, s.Good = k.tally.failed, k.tally.of, k.good
	}
	return s
}

// trip takes an attempt with a verdict that began at this time (unix ns).
func (b *Backend) trip(failed bool, began int64, now time.Time) {
	k := b.breaker.Load()
	if k == nil {
		return
	}
	g := b.group.Load()
	switch o := &g.eject.Breaker; {
	case o.OpenAt <= 0:
	case k.until.Load() != 0:
		g.tryBreaker(b, k, failed, began, now)
	default:
		period := o.period(now.UnixNano())
		k.window.add(period, failed)
		if !failed {
			return
		}
		if t := k.window.sum(period); t.of >= o.Min && float64(t.failed) >= o.OpenAt*float64(t.of) {
			g.openBreaker(b, k, t, now)
		}
	}
}

// openBreaker opens the breaker k of b.
func (g *Group) openBreaker(b *Backend, k *breaker, t tally, now time.Time) {
	l := b.ledger.Load()
	l.mu.Lock()
	if k.until.Load() != 0 {
		l.mu.Unlock()
		return
	}
	k.tally, k.streak = t, 0
	s := g.breakFor(b, k, now)
	l.mu.Unlock()
	g.changed(b, s)
}

// breakFor leaves b alone until the next attempt that finds out how it is. The ledger's mu is
// held.
func (g *Group) breakFor(b *Backend, k *breaker, now time.Time) Standing {
	pause := g.eject.Breaker.Probe * time.Duration(min(1<<min(k.streak, 8), maxProbe))
	pause += time.Duration((g.eject.Random() - 0.5) / 5 * float64(pause))
	b.leaves(now)
	k.since, k.good = now.UnixNano(), 0
	k.streak++
	k.opened++
	k.window.clear()
	b.trial.Store(0)
	k.until.Store(now.Add(pause).UnixNano())
	b.setBar(barBreaker, barBreaker)
	b.ledger.Load().count()
	return b.standing()
}

// tryBreaker takes an attempt while the breaker is not closed.
func (g *Group) tryBreaker(b *Backend, k *breaker, failed bool, began int64, now time.Time) {
	l := b.ledger.Load()
	l.mu.Lock()
	until := k.until.Load()
	if until == 0 || began < until {
		l.mu.Unlock()
		return // from before it was half-open
	}
	var s Standing
	switch k.good++; {
	case failed:
		s = g.breakFor(b, k, now)
	case k.good < g.eject.Breaker.Trials:
		b.trial.Store(0)
		l.mu.Unlock()
		return
	default:
		g.closeBreaker(b, k, now)
		s = b.standing()
	}
	l.mu.Unlock()
	g.changed(b, s)
}

// closeBreaker lets b be picked again. The ledger's mu is held.
func (g *Group) closeBreaker(b *Backend, k *breaker, now time.Time) {
	k.window.clear()
	k.until.Store(0)
	b.trial.Store(0)
	b.setBar(barBreaker, 0)
	b.past.recovered = now.UnixNano()
	g.comesBack(b, now)
}

// unbreak closes the breakers of l that g does not want any more. The mu of l is held.
func (g *Group) unbreak(l *ledger) {
	if g.eject.Breaker.OpenAt > 0 {
		return
	}
	for _, b := range g.backends {
		if k := b.breaker.Load(); k != nil && b.ledger.Load() == l && k.until.Load() != 0 {
			k.until.Store(0)
			b.trial.Store(0)
			b.setBar(barBreaker, 0)
			if b.Usable() {
				b.past.left = 0
			}
		}
	}
}
