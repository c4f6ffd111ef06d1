package lb

import "math/bits"

// quickDraws is how many draws are tried before a sweep over all members. With
// half of the weight unusable, one pick in 256 sweeps.
const quickDraws = 8

// randomly draws by weight.
func (t *tier) randomly(a ask) *Backend {
	if m := t.draw(a); m != nil {
		return m.Backend
	}
	return t.sweep(a)
}

// draw returns a member by weight; nil when a few draws have met only unusable
// ones.
func (t *tier) draw(a ask) *member {
	for range quickDraws {
		if m := &t.members[t.order.draw(t.random.next())]; a.allows(m.Backend) {
			return m
		}
	}
	return nil
}

// below returns a random number in 0..n-1.
func (r *random) below(n uint64) uint64 {
	hi, _ := bits.Mul64(r.next(), n)
	return hi
}
