package lb

import "time"

const (
	warmAfter = 10 * time.Second // a backend that was away for less comes back with its whole share
	coldest   = 0.1              // share of its weight at which a slow start begins
)

// Ramp is a slow start: the share of a backend grows from a tenth of its weight to all of it.
// The zero value means that there was none.
type Ramp struct{ Since, Until time.Time }

// ramp returns the latest slow start of b. The ledger's mu is held.
func (b *Backend) ramp() Ramp {
	at, g := b.warm.Load(), b.group.Load()
	if at == 0 || g == nil || g.eject.SlowStart <= 0 {
		return Ramp{}
	}
	since := time.Unix(0, at)
	return Ramp{since, since.Add(g.eject.SlowStart)}
}

// beginWarming begins the slow start of b. The ledger's mu is held.
func (g *Group) beginWarming(b *Backend, now time.Time) {
	if g.eject.SlowStart <= 0 {
		return
	}
	b.warm.Store(now.UnixNano())
	l := b.ledger.Load()
	l.warm.Store(max(l.warm.Load(), now.Add(g.eject.SlowStart).UnixNano()))
}

// Warm begins the slow start of b, a member of g that is new or was drained. If b is not usable,
// it begins when it is. It does nothing without EjectOptions.SlowStart.
func (g *Group) Warm(b *Backend, now time.Time) {
	l := b.ledger.Load()
	l.mu.Lock()
	defer l.mu.Unlock()
	if !b.Usable() {
		b.past.left = 1 // long ago
		return
	}
	g.beginWarming(b, now)
}

// warming reports whether a member may be in its slow start at this time (unix ns).
func (g *Group) warming(now int64) bool {
	if g.eject.SlowStart <= 0 {
		return false
	}
	for _, l := range g.ledgers {
		if l.warm.Load() > now {
			return true
		}
	}
	return false
}

// warmth returns the share of its weight that b has at this time (unix ns): 1 unless it is in
// its slow start.
func (g *Group) warmth(b *Backend, now int64) float64 {
	at := b.warm.Load()
	if at == 0 {
		return 1
	}
	return max(coldest, min(1, float64(now-at)/float64(g.eject.SlowStart)))
}
