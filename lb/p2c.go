package lb

// p2c draws two members by weight and takes the less busy one.
func (t *tier) p2c(a ask) *Backend {
	first := t.draw(a)
	if first == nil {
		return t.sweep(a)
	}
	for range samples {
		second := t.draw(a)
		switch {
		case second == nil || second == first:
		case first.busier(second):
			return second.Backend
		default:
			return first.Backend
		}
	}
	return first.Backend
}

// busier reports whether m has more in flight per weight than o. An idle member
// is never busier, whatever its weight; else the attempt to come counts too.
func (m *member) busier(o *member) bool {
	mine, theirs := m.inFlight.Load(), o.inFlight.Load()
	if mine == 0 {
		return false
	}
	if theirs == 0 {
		return true
	}
	return (mine+1)*o.weight > (theirs+1)*m.weight
}
