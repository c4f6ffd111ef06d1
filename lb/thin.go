package lb

// thinning is one pick while members are in their slow start. The warmest of those that may be
// picked counts as warm, so that members which have all come at once share as ever.
type thinning struct {
	group   *Group
	now     int64
	warmest float64 // warmth of the warmest
	total   float64 // weight that all have together now
	chance  float64 // consistent hashing: of a key to stay with a member, by its warmth
	draw    uint64  // of the pick; for consistent hashing of the key, so that equal keys stay together
	hashes  bool
}

// warmth returns the share of its weight that b has now.
func (n *thinning) warmth(b *Backend) float64 { return n.group.warmth(b, n.now) / n.warmest }

// takesPart reports whether the method may choose b: it is warm, or with consistent hashing one
// of the keys that have stayed.
func (n *thinning) takesPart(b *Backend) bool {
	warmth := n.warmth(b)
	if warmth >= 1 || !n.hashes {
		return warmth >= 1
	}
	return unit(mix(n.draw+uint64(b.index)*golden)) < warmth*n.chance
}

// unit turns a random word into a number from 0 to below 1.
func unit(random uint64) float64 { return float64(random>>11) / (1 << 53) }

// thinly picks while members are in their slow start. Such a member gets the share of the picks
// that its weight and its warmth give it, by chance, whatever the method; the method chooses for
// the other picks. Consistent hashing gives it as large a share of its own keys.
func (t *tier) thinly(a ask) *Backend {
	n := thinning{group: t.group, now: a.now, hashes: t.method == ConsistentHash, draw: mix(a.key)}
	for i := range t.members {
		if m := &t.members[i]; a.allows(m.Backend) {
			n.warmest = max(n.warmest, t.group.warmth(m.Backend, a.now))
			n.chance += m.share
		}
	}
	if n.warmest == 0 {
		return nil
	}
	for i := range t.members {
		if m := &t.members[i]; a.allows(m.Backend) {
			n.total += m.share * n.warmth(m.Backend)
		}
	}
	n.chance /= n.total
	var drawn *member
	if !n.hashes {
		drawn = t.drawCold(a, &n)
	}
	a.thin, a.plain = &n, false
	switch t.method {
	case LeastConn, P2C, Latency:
		if other := t.choose(a); drawn == nil || other == nil || t.busier(drawn, other, a.now) {
			return other
		}
	default:
		if drawn == nil {
			return t.choose(a)
		}
	}
	return drawn.Backend
}

// drawCold draws a member that is in its slow start; nil when the pick is for the others.
func (t *tier) drawCold(a ask, n *thinning) *member {
	left := unit(t.random.next()) * n.total
	for i := range t.members {
		m := &t.members[i]
		if warmth := n.warmth(m.Backend); warmth < 1 && a.allows(m.Backend) {
			if left -= m.share * warmth; left < 0 {
				return m
			}
		}
	}
	return nil
}

// busier reports whether m has more than twice the load of other: it is slower than the others,
// as a backend may be that has just started, and the method would leave it alone.
func (t *tier) busier(m *member, other *Backend, now int64) bool {
	for i := range t.members {
		o := &t.members[i]
		if o.Backend != other {
			continue
		}
		if t.method == Latency {
			return m.cost(now) > 2*o.cost(now)
		}
		return float64(m.inFlight.Load()+1)*o.share > 2*float64(o.inFlight.Load()+1)*m.share
	}
	return false
}
