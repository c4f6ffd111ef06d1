package lb

// roundRobin walks the smooth sequence. A turn that falls on an unusable member
// is given away by a second walk over the same sequence, which moves only then:
// the usable ones get those turns in proportion to their weights, and not the one
// that happens to follow the unusable one.
func (t *tier) roundRobin(a ask) *Backend {
	if b := t.members[t.turn(a)].Backend; a.allows(b) {
		return b
	}
	for range 2 * quickDraws {
		if b := t.members[t.order.at(t.spare.Add(1))].Backend; a.allows(b) {
			return b
		}
	}
	return t.sweep(a)
}
