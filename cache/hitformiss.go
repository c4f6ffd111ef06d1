package cache

import (
	"sync/atomic"
	"time"
)

const (
	passSlots = 1 << 13
	passTick  = 100 * time.Millisecond
)

// passes remember for a while that the answer to a key may not be shared, so
// that requests for it are not made to wait for each other. Each key has one
// slot, which another may take over: then the first is collapsed once more.
type passes struct {
	start time.Time
	slots [passSlots]atomic.Uint64 // upper half: of the hash; lower half: the end in ticks since start
}

func newPasses(now time.Time) *passes { return &passes{start: now} }

// Pass remembers for d that the answer to this key may not be shared
// (hit-for-miss). Zero or less forgets it.
func (s *Store) Pass(k Key, d time.Duration) {
	hash, p := k.Hash(), s.passes
	slot := &p.slots[hash%passSlots]
	if d > 0 {
		end := max(0, s.now().Add(d+passTick-1).Sub(p.start)/passTick)
		slot.Store(hash&^0xffffffff | uint64(uint32(end)))
		return
	}
	if old := slot.Load(); old>>32 == hash>>32 {
		slot.CompareAndSwap(old, 0)
	}
}

// Passes reports whether the key's answer is known not to be shareable: fetch
// it without joining a flight.
func (s *Store) Passes(k Key) bool {
	hash, p := k.Hash(), s.passes
	word := p.slots[hash%passSlots].Load()
	return word != 0 && word>>32 == hash>>32 && s.now().Sub(p.start)/passTick < time.Duration(uint32(word))
}
