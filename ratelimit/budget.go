package ratelimit

import (
	"math"
	"sync/atomic"
	"time"
)

const (
	windowSeconds = 10 // length of the window, the present second included
	slotCount     = 16 // a power of two above windowSeconds: a slot is reused long after it has left the window
)

// Budget bounds retries to a share of the recent requests, so that retries do not
// multiply the load of a failing backend. In the last ten seconds it grants at most
// ratio retries for each request, plus a floor for each second, which allows an
// upstream with little traffic to retry. The zero value grants none. It is safe for concurrent
// use and lock-free.
type Budget struct {
	ratio float64
	burst float64 // the floor of a whole window

	_        [64]byte // the slots, which every request writes, have their own cache lines
	requests [slotCount]slot
	_        [64]byte
	retries  [slotCount]slot
}

// slot counts the events of one second. The upper half of the word is the
// second, the lower half the count.
type slot struct {
	word atomic.Uint64
}

// NewBudget makes a budget of ratio retries for each recent request, 0.1 for
// 10 %, plus floor retries per second. Negative values count as 0; with both 0
// TryRetry always returns false.
func NewBudget(ratio, floor float64) *Budget {
	return &Budget{ratio: max(ratio, 0), burst: max(floor, 0) * windowSeconds}
}

// Request counts a request, at this time in unix ns. Retries are not requests.
func (b *Budget) Request(now int64) {
	second := secondOf(now)
	b.requests[second%slotCount].add(second)
}

// TryRetry reports whether a retry at this time (unix ns) fits into the budget, and counts it if
// so. It never waits, and nothing gives the retry back. When several goroutines ask for the last
// one, all of them may be refused.
func (b *Budget) TryRetry(now int64) bool {
	second := secondOf(now)
	s := &b.retries[second%slotCount]
	s.add(second)
	// The small excess keeps 0.1 x 10 from being less than 1.
	allowed := math.Floor(b.ratio*float64(recent(&b.requests, second)) + b.burst + 1e-9)
	if float64(recent(&b.retries, second)) <= allowed {
		return true
	}
	s.takeBack(second)
	return false
}

// Recent returns the requests and the granted retries of the last ten seconds, counted in whole
// seconds with that of now (unix ns) included.
func (b *Budget) Recent(now int64) (requests, retries int64) {
	second := secondOf(now)
	return recent(&b.requests, second), recent(&b.retries, second)
}

func secondOf(now int64) uint32 { return uint32(now / int64(time.Second)) }

// add counts one event in this second, beginning anew when the slot holds
// another second's count.
func (s *slot) add(second uint32) {
	for {
		old := s.word.Load()
		if uint32(old>>32) == second {
			s.word.Add(1)
			return
		}
		if s.word.CompareAndSwap(old, uint64(second)<<32|1) {
			return
		}
	}
}

// takeBack undoes one add of this second.
func (s *slot) takeBack(second uint32) {
	for {
		old := s.word.Load()
		if uint32(old>>32) != second || uint32(old) == 0 {
			return
		}
		if s.word.CompareAndSwap(old, old-1) {
			return
		}
	}
}

// recent sums the slots that belong to the window which ends with this second.
func recent(slots *[slotCount]slot, second uint32) int64 {
	var sum int64
	for i := range slots {
		word := slots[i].word.Load()
		if second-uint32(word>>32) < windowSeconds {
			sum += int64(uint32(word))
		}
	}
	return sum
}
