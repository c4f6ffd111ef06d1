package lb

import (
	"encoding/binary"
	"math"
	"math/bits"
)

const (
	slotBits  = 16
	slotCount = 1 << slotBits
)

// hashing is what a tier needs for consistent hashing.
type hashing struct {
	slots []uint16 // slot -> member
	seeds []uint64 // of each member, from its address
	bound float64  // negative = none
}

func newHashing(members []member, bound float64) *hashing {
	if bound == 0 {
		bound = 1.25
	}
	h := &hashing{bound: bound}
	for _, m := range members {
		h.seeds = append(h.seeds, Hash([]byte(m.address)))
	}
	if len(members) > 0 {
		h.place(members)
	}
	return h
}

// place gives every slot to a member by weighted rendezvous: each member draws a
// number for the slot from its address, exponentially distributed with its
// weight as the rate, and the smallest wins. So a member's share follows its
// weight, a member that goes leaves all other slots where they are, and neither
// the order of the members nor a restart matters.
func (h *hashing) place(members []member) {
	h.slots = make([]uint16, slotCount)
	for s := range h.slots {
		best, smallest := 0, math.Inf(1)
		mark := mix(uint64(s) * golden)
		for i, seed := range h.seeds {
			if n := lot(seed, mark); n < smallest*members[i].share {
				if e := arrival(n) / members[i].share; e < smallest {
					best, smallest = i, e
				}
			}
		}
		h.slots[s] = uint16(best)
	}
}

// lot returns the number from 0 to below 1 that a seed draws for a mark.
func lot(seed, mark uint64) float64 {
	return float64((seed^mark)*golden>>11) / (1 << 53)
}

// arrival turns a lot into an exponentially distributed number. It is never
// smaller than the lot, which spares most losers the logarithm.
func arrival(lot float64) float64 { return -math.Log1p(-lot) }

// hash sends equal keys to the same member. The key's slot belongs to one; when
// that one is unusable or has more than its bounded share of the requests in
// flight, the key's next slot is tried, which is again always the same one.
func (t *tier) hash(a ask) *Backend {
	usable := float64(t.weight)
	switch {
	case a.thin != nil:
		usable = a.thin.total
	case a.tried.Len() > 0 || !t.group.quiet():
		usable = float64(t.usable(a))
	}
	key := mix(a.key)
	for range 2 * quickDraws {
		m := &t.members[t.hashing.slots[key>>(64-slotBits)]]
		if a.allows(m.Backend) && t.hasRoom(m, usable, a.thin) {
			return m.Backend
		}
		key = mix(key + golden)
	}
	return t.rendezvous(a, usable)
}

// rendezvous decides by the key among all members, looking at each: for when the
// key's first slots have led to none. Of members without room, which there are
// only while loads change, it takes the emptiest.
func (t *tier) rendezvous(a ask, usable float64) *Backend {
	mark := mix(a.key)
	smallest := math.Inf(1)
	var best, emptiest *member
	for i := range t.members {
		m := &t.members[i]
		if !a.allows(m.Backend) {
			continue
		}
		if emptiest == nil || m.inFlight.Load()*emptiest.weight < emptiest.inFlight.Load()*m.weight {
			emptiest = m
		}
		if e := arrival(lot(t.hashing.seeds[i], mark)) / m.share; e < smallest && t.hasRoom(m, usable, a.thin) {
			best, smallest = m, e
		}
	}
	switch {
	case best != nil:
		return best.Backend
	case emptiest != nil:
		return emptiest.Backend
	}
	return nil
}

// hasRoom reports whether one more request keeps m within its bound: its share
// of all requests in flight by weight, times the bound, rounded up.
func (t *tier) hasRoom(m *member, usable float64, thin *thinning) bool {
	if t.hashing.bound < 0 {
		return true
	}
	share := m.share
	if thin != nil {
		share *= thin.warmth(m.Backend)
	}
	all := float64(t.group.inFlight() + 1)
	room := math.Ceil(t.hashing.bound * all * share / usable)
	return float64(m.inFlight.Load()+1) <= room
}

// usable returns the weight of the allowed members.
func (t *tier) usable(a ask) int64 {
	var sum int64
	for i := range t.members {
		if m := &t.members[i]; a.allows(m.Backend) {
			sum += m.weight
		}
	}
	return sum
}

// Hash returns a well-mixed 64 bit hash of b, which may be empty. It is the same on every
// machine and after every restart. It is quick, not secret: a client can find keys that
// collide.
func Hash(b []byte) uint64 {
	h := uint64(len(b)) * golden
	for len(b) >= 8 {
		h = fold(h^binary.LittleEndian.Uint64(b), 0xA0761D6478BD642F)
		b = b[8:]
	}
	var tail uint64
	for i, c := range b {
		tail |= uint64(c) << (8 * i)
	}
	return mix(fold(h^tail, 0xE7037ED1A0B428DB) ^ golden)
}

// fold multiplies to 128 bits and xors the halves.
func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^golden, b)
	return hi ^ lo
}

// mix is a bijection in which every input bit moves every output bit with about
// even chance.
func mix(x uint64) uint64 {
	x ^= x >> 32
	x *= 0xD6E8FEB86659FD93
	x ^= x >> 32
	x *= 0xD6E8FEB86659FD93
	return x ^ x>>32
}
