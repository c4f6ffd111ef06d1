package lb

// unknownLatency is the cost in ns of a request that waits at a backend from
// which no answer has come yet: it gets one request, not all of them.
const unknownLatency = 1e9

// latency compares two random members by what a request would cost there. It
// draws without regard to weight, which is part of the cost, so that light and
// slow members are looked at too.
func (t *tier) latency(a ask) *Backend {
	first := t.glance(a, nil)
	if first == nil {
		return t.sweep(a)
	}
	second := t.glance(a, first)
	if second == nil || first.cost(a.now) <= second.cost(a.now) {
		return first.Backend
	}
	return second.Backend
}

// glance draws an allowed member other than not; nil when it finds none soon.
func (t *tier) glance(a ask, not *member) *member {
	for range quickDraws {
		m := &t.members[t.random.below(uint64(len(t.members)))]
		if m != not && a.allows(m.Backend) {
			return m
		}
	}
	return nil
}

// cost is latency x (in-flight + the one to come) / weight.
func (m *member) cost(now int64) float32 {
	waiting := float32(m.inFlight.Load())
	avg, known := m.Backend.latency.at(now)
	if !known {
		return unknownLatency * waiting / float32(m.weight)
	}
	return avg * (waiting + 1) / float32(m.weight)
}
