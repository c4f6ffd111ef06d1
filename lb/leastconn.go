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
	best := -1
	if a.allows(t.members[turn].Backend) {
		best = turn
	}
	ties := int64(0) // weight of the members equal to best that are not the turn's
	for i := range t.members {
		m := &t.members[i]
		if i == turn || !a.allows(m.Backend) {
			continue
		}
		switch {
		case best < 0 || t.members[best].busier(m):
			best, ties = i, m.weight
		case best != turn && !m.busier(&t.members[best]):
			// Each of several equals wins with its weight's share.
			if ties += m.weight; int64(t.random.below(uint64(ties))) < m.weight {
				best = i
			}
		}
	}
	if best < 0 {
		return nil
	}
	return t.members[best].Backend
}

// leastConnOfSome compares a few draws instead of all members.
func (t *tier) leastConnOfSome(a ask) *Backend {
	var best *member
	for range samples {
		if m := t.draw(a); m != nil && (best == nil || best.busier(m)) {
			best = m
		}
	}
	if best == nil {
		return t.sweep(a)
	}
	return best.Backend
}
