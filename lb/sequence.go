package lb

import (
	"math/bits"
	"math/rand/v2"
	"sort"
	"sync/atomic"
)

// golden is 2^64 divided by the golden ratio: its multiples modulo 2^64 are the
// most evenly spread sequence there is.
const golden = 0x9E3779B97F4A7C15

const (
	guideBits = 8
	guideSize = 1 << guideBits
)

// Sequence repeats the indexes of some items in proportion to their weights and
// as evenly interleaved as possible: of the weights 5, 1, 1 it makes
// 0 0 1 0 2 0 0 and not 0 0 0 0 0 1 2. It is safe for concurrent use, and one
// step is one atomic addition. The zero value has no items.
type Sequence struct {
	items []uint32 // one whole period, when it is short enough
	upto  []uint64 // else the running sums of the weights
	guide []uint32 // and, for each 256th of their range, the item it begins in
	total uint64

	_      [64]byte // the cursor has its own cache line
	cursor atomic.Uint64
	_      [56]byte
}

// NewSequence makes the sequence of the items 0..len(weights)-1. Items with a
// weight of 0 or less never appear. When the weights, divided by their greatest
// common divisor, add up to at most limit (zero or less = 2048), every period of that
// length has the exact shares; above it the shares hold in the long run, with
// an error that shrinks as the number of steps grows. It starts at a random
// place, so that sequences which are rebuilt often do not favour the first item.
// The slice is not kept.
func NewSequence(weights []int, limit int) *Sequence {
	if limit <= 0 {
		limit = 2048
	}
	s := &Sequence{}
	var sum, divisor uint64
	for _, w := range weights {
		sum += uint64(max(w, 0))
		divisor = gcd(divisor, uint64(max(w, 0)))
		s.upto = append(s.upto, sum)
	}
	s.total = sum
	s.cursor.Store(rand.Uint64())
	if sum == 0 {
		return s
	}
	if sum/divisor <= uint64(limit) {
		s.items = interleave(weights, int(sum/divisor))
		s.upto = nil
		return s
	}
	for part := range uint64(guideSize) {
		p, _ := bits.Mul64(part<<(64-guideBits), sum)
		s.guide = append(s.guide, uint32(sort.Search(len(s.upto)-1, func(i int) bool { return s.upto[i] > p })))
	}
	s.guide = append(s.guide, uint32(len(s.upto)-1))
	return s
}

// Next returns the next index; -1 when no item has a weight.
func (s *Sequence) Next() int { return s.at(s.cursor.Add(1)) }

// at returns the index at place k of the endless sequence.
func (s *Sequence) at(k uint64) int {
	if s.items != nil {
		return int(s.items[k%uint64(len(s.items))])
	}
	return s.search(k * golden)
}

// draw returns the index that a random number chooses, each with its share.
func (s *Sequence) draw(random uint64) int {
	if s.items != nil {
		i, _ := bits.Mul64(random, uint64(len(s.items)))
		return int(s.items[i])
	}
	return s.search(random)
}

// search returns the item that owns this point of the range 0..2^64-1, of which
// every item owns a piece as long as its weight.
func (s *Sequence) search(point uint64) int {
	if s.total == 0 {
		return -1
	}
	p, _ := bits.Mul64(point, s.total)
	part := point >> (64 - guideBits)
	lo, hi := int(s.guide[part]), int(s.guide[part+1])
	for lo < hi {
		if mid := int(uint(lo+hi) / 2); s.upto[mid] > p {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

// interleave makes one period of n steps: at every step each item earns its
// weight, the richest is taken and pays the sum of all.
func interleave(weights []int, n int) []uint32 {
	sum := 0
	for _, w := range weights {
		sum += max(w, 0)
	}
	period := make([]uint32, n)
	credit := make([]int, len(weights))
	for step := range period {
		richest := -1
		for i, w := range weights {
			if w <= 0 {
				continue
			}
			credit[i] += w
			if richest < 0 || credit[i] > credit[richest] {
				richest = i
			}
		}
		credit[richest] -= sum
		period[step] = uint32(richest)
	}
	return period
}

func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
