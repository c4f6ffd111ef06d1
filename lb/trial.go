package lb

import "time"

// trialFailed ejects b anew after an attempt that began at this time (unix ns), unless that
// was before the trial.
func (g *Group) trialFailed(b *Backend, v Verdict, began int64, now time.Time) {
	l := b.ledger.Load()
	l.mu.Lock()
	until := b.until.Load()
	if until == 0 || began < until {
		l.mu.Unlock()
		return // it has returned, or the attempt was under way before: it says nothing new
	}
	if v.Ground == NoGround {
		v.Ground = b.past.verdict.Ground
	}
	s := g.takeOut(b, v, now)
	l.mu.Unlock()
	g.changed(b, s)
}

// trialDue reports whether one attempt may find out now how b is: it is ejected and its pause
// had passed at the time ended, or its breaker is half-open. Neither is so for a backend whose
// checks fail.
func (b *Backend) trialDue(ended, now int64) bool {
	until, bar := b.until.Load(), b.barred.Load()
	if bar == 0 || bar&barHealth != 0 || b.trial.Load() != 0 || until > ended {
		return false
	}
	return bar&barBreaker == 0 || b.breaker.Load().until.Load() <= now
}

// trialCancelled lets another attempt be the trial after one that ended without a verdict.
func (b *Backend) trialCancelled(began int64) {
	if at := b.trial.Load(); at != 0 && began >= at {
		b.trial.CompareAndSwap(at, 0)
	}
}
