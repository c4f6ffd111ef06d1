package lb

// p2c draws two members by weight and takes the less busy one.
func (t *tier) p2c(a ask) *Backend {
	first := t.draw(a)
	if first == nil {
		return t.sweep(a)
	}
	for range samples {
		second := &t.members[t.order.draw(t.random.next())]
		if second == first || !a.allows(second.Backend) {
			continue
		}
		if second.load() < first.load() {
			return second.Backend
		}
		break
	}
	return first.Backend
}

// load is how busy m is: requests in flight, with the one to come, per weight.
// An idle member is never busier than another, whatever its weight.
func (m *member) load() float64 {
	n := m.inFlight.Load()
	if n == 0 {
		return 0
	}
	return float64(n+1) / m.share
}
