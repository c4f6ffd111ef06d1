package lb

const (
	exactMembers = 16 // up to so many members all are compared
	samples      = 4  // above it, so many weighted draws
)

// leastConn takes the member with the fewest requests in flight per weight. Among
// equals, idle ones above all, the smooth sequence decides, so that light traffic
// still follows the weights.
func (t *tier) leastConn(a ask) *Backend {
	if len(t.members) > exactMembers {
		return t.leastConnOfSome(a)
	}
	turn := t.turn(a)
	var best *member
	var least float64
	if m := &t.members[turn]; a.allows(m.Backend) {
		best, least = m, m.load()
	}
	ties := int64(0) // weight of those equal to best, when it is not the turn's
	for i := range t.members {
		m := &t.members[i]
		if i == turn || !a.allows(m.Backend) {
			continue
		}
		load := m.load()
		switch {
		case best == nil || load < least:
			best, least, ties = m, load, m.weight
		case load == least && ties > 0:
			// Each of several equals wins with its weight's share.
			if ties += m.weight; int64(t.random.below(uint64(ties))) < m.weight {
				best = m
			}
		}
	}
	if best == nil {
		return nil
	}
	return best.Backend
}

// leastConnOfSome compares a few draws instead of all members.
func (t *tier) leastConnOfSome(a ask) *Backend {
	best := t.draw(a)
	if best == nil {
		return t.sweep(a)
	}
	least := best.load()
	for range samples - 1 {
		m := &t.members[t.order.draw(t.random.next())]
		if load := m.load(); load < least && a.allows(m.Backend) {
			best, least = m, load
		}
	}
	return best.Backend
}
