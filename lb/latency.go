package lb

// unknownLatency is the cost in ns of a request that waits at a backend without a
// latency sample: such a backend gets one request, not all of them.
const unknownLatency = 1e9

// latency compares two random members by what a request would cost there. It
// draws without regard to weight, which is part of the cost, so that light and
// slow members are looked at too.
func (t *tier) latency(a ask) *Backend {
	n := len(t.members)
	first := t.glance(a, 0, n)
	if first < 0 {
		return t.sweep(a)
	}
	best := &t.members[first]
	if second := t.glance(a, first+1, n-1); second >= 0 {
		if m := &t.members[second]; m.cost(a.now) < best.cost(a.now) {
			best = m
		}
	}
	return best.Backend
}

// glance draws one of the n members from this index on, counted in a circle; -1
// when a few draws have met only unusable ones.
func (t *tier) glance(a ask, from, n int) int {
	for range quickDraws {
		i := (from + int(t.random.below(uint64(n)))) % len(t.members)
		if a.allows(t.members[i].Backend) {
			return i
		}
	}
	return -1
}

// cost is latency x (in-flight + the one to come) / weight.
func (m *member) cost(now int64) float32 {
	waiting := float32(m.inFlight.Load())
	avg, known := m.Backend.latency.at(now)
	if !known {
		return unknownLatency * waiting / float32(m.share)
	}
	return avg * (waiting + 1) / float32(m.share)
}
