package cache

import (
	"math/bits"
	"sync/atomic"
)

const (
	blockWords    = 8                  // one cache line of counters
	blockCounters = blockWords * 16    // of four bits each
	agingPeriod   = 10                 // the counters are halved once in so many touches for each of them
	bytesCounter  = 1 << 10            // bytes of the store for each counter
	minBlocks     = 1 << 9             // for small stores
	admitFrom     = 2                  // requests within the window that let an entry in
	ageStep       = 16                 // blocks that are halved at once
	witnesses     = 1 << 12            // keys that are remembered by their place in the ring
	doorWords     = blockCounters / 64 // doorkeeper words of a block
)

// sketch estimates how often a key was asked for lately, after TinyLFU: a
// doorkeeper takes what comes for the first time, and only what comes again
// costs counters, four of four bits each in one cache line. All of it is halved
// bit by bit as requests go on, so that what was popular once is forgotten, and
// nobody waits for it. Racing touches may lose one; nothing else depends on it.
//
// It keeps what is asked for once (a crawler, a scan, random queries) out of a
// full store, where it would push out what is asked for often.
type sketch struct {
	blocks  []counterBlock
	mask    uint64
	touches [countShards]touchCount // of every sixteenth block each
	period  uint64                  // touches after which the next blocks of a share are halved

	stretch uint64                   // bytes of the ring for each witness
	witness [witnesses]atomic.Uint64 // the key that was written where a stretch begins
}

// touchCount has a cache line of its own.
type touchCount struct {
	atomic.Uint64
	_ [56]byte
}

type counterBlock struct {
	counters [blockWords]atomic.Uint64
	door     [doorWords]atomic.Uint64
}

// newSketch sizes a sketch for a store of that many bytes: about a thousandth
// of it.
func newSketch(capacity int64) *sketch {
	blocks := uint64(minBlocks)
	for blocks*blockCounters*bytesCounter < uint64(capacity) {
		blocks *= 2
	}
	return &sketch{
		blocks: make([]counterBlock, blocks), mask: blocks - 1,
		period: blockCounters * agingPeriod / 4 * ageStep, stretch: uint64(capacity) / 10 * 9 / witnesses,
	}
}

// places returns a key's block and a hash for the places within it.
func (s *sketch) places(key uint64) (*counterBlock, uint64) {
	return &s.blocks[key&s.mask], bits.RotateLeft64(key, 32) * 0x9e3779b97f4a7c15
}

// touch counts one request.
func (s *sketch) touch(key uint64) {
	b, h := s.places(key)
	if door := &b.door[h>>63%doorWords]; door.Load()&(1<<(h&63)) == 0 {
		door.Or(1 << (h & 63))
		s.tick(key)
		return
	}
	lowest := b.lowest(h)
	if lowest == 15 {
		return
	}
	for i := range 4 {
		w, shift := place(h, i)
		word := &b.counters[w]
		if old := word.Load(); old>>shift&15 == lowest { // conservative: only the lowest grow
			word.CompareAndSwap(old, old+1<<shift)
		}
	}
	s.tick(key)
}

// estimate returns how often a key was asked for, 0 to 16.
func (s *sketch) estimate(key uint64) uint64 {
	b, h := s.places(key)
	if b.door[h>>63%doorWords].Load()&(1<<(h&63)) == 0 {
		return b.lowest(h)
	}
	return b.lowest(h) + 1
}

// admits reports whether a key is asked for often enough to be let in: more
// than once lately, and more often than one that is about to be pushed out,
// judged by a key that was written about a ring's length before this odometer.
func (s *sketch) admits(key, odometer uint64) bool {
	often := s.estimate(key)
	if often < admitFrom {
		return false
	}
	victim := s.witness[odometer/s.stretch%witnesses].Load()
	return victim == 0 || victim == key || often > s.estimate(victim)
}

// wrote remembers which key was written up to this odometer, for the time when
// the ring comes round.
func (s *sketch) wrote(key, odometer uint64, bytes int) {
	if n := odometer / s.stretch; n != (odometer-uint64(bytes))/s.stretch {
		s.witness[(n+witnesses-1)%witnesses].Store(key)
	}
}

func (b *counterBlock) lowest(h uint64) uint64 {
	lowest := uint64(15)
	for i := range 4 {
		w, shift := place(h, i)
		lowest = min(lowest, b.counters[w].Load()>>shift&15)
	}
	return lowest
}

// place returns the word and the shift of the i-th counter of a hash: each has
// two words of its own.
func place(h uint64, i int) (word int, shift uint64) {
	part := h >> (6 + 5*i)
	return 2*i + int(part&1), part >> 1 & 15 * 4
}

// tick halves the next blocks of a key's share when their time has come.
func (s *sketch) tick(key uint64) {
	share := key % countShards
	n := s.touches[share].Add(1)
	if n%s.period != 0 {
		return
	}
	first := n / s.period * ageStep
	for i := range uint64(ageStep) {
		s.blocks[((first+i)*countShards+share)&s.mask].halve()
	}
}

func (b *counterBlock) halve() {
	for i := range b.counters {
		b.counters[i].Store(b.counters[i].Load() >> 1 & 0x7777777777777777)
	}
	for i := range b.door {
		b.door[i].Store(0)
	}
}
