package lb

import "time"

// Bits of Backend.barred: each keeps the backend from being picked.
const (
	barEjected   uint32 = 1 << iota // it is ejected, on trial or not
	barUnchecked                    // no check has succeeded yet
	barUnhealthy                    // its checks fail
	barBreaker                      // its breaker is open or half-open

	barHealth = barUnchecked | barUnhealthy
)

// Health is what active checks have shown of a backend. The zero value is Healthy, which it also
// is without checks.
type Health uint8

// The verdicts of checks. Only a Healthy backend is picked while there is one.
const (
	Healthy   Health = iota
	Unchecked        // it is new, and no check has succeeded yet
	Unhealthy        // its checks fail
)

// SetHealth gives the balancer the verdict of active checks on the backend. No pick that
// begins after SetHealth has returned chooses one that is not Healthy, unless nothing else is
// left or too little (Options.Panic). It does not call EjectOptions.OnChange.
func (b *Backend) SetHealth(h Health, now time.Time) {
	var bar uint32
	switch h {
	case Unchecked:
		bar = barUnchecked
	case Unhealthy:
		bar = barUnhealthy
	}
	l := b.ledger.Load()
	if l == nil { // NewGroup counts
		b.setBar(barHealth, bar)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if bar != 0 {
		b.leaves(now)
	}
	b.setBar(barHealth, bar)
	b.group.Load().comesBack(b, now)
}

// setBar replaces the bits of mask. The ledger's mu is held, or there is no ledger yet.
func (b *Backend) setBar(mask, bits uint32) { b.barred.Store(b.barred.Load()&^mask | bits) }

// Usable reports whether the backend may be picked like any other: it is not ejected, its checks
// do not fail, and its breaker is closed. It takes no lock.
func (b *Backend) Usable() bool { return b.barred.Load() == 0 }

// Broken reports whether the breaker of the backend is open or half-open. It takes no lock.
func (b *Backend) Broken() bool { return b.barred.Load()&barBreaker != 0 }

// leaves notes that b is not usable from now on, unless it was not before. The ledger's mu is
// held.
func (b *Backend) leaves(now time.Time) {
	if b.past.left == 0 {
		b.past.left = now.UnixNano()
	}
}

// comesBack counts the members anew after something that kept b from being picked has ended, and
// begins its slow start if nothing does any more. The ledger's mu is held.
func (g *Group) comesBack(b *Backend, now time.Time) {
	b.ledger.Load().count()
	if left := b.past.left; left != 0 && b.Usable() {
		b.past.left = 0
		if now.UnixNano()-left >= int64(warmAfter) {
			g.beginWarming(b, now)
		}
	}
}
