package cache

import (
	"sync/atomic"
	"time"
)

const (
	passSlots = 1 << 13
	passTick  = 100 * time.Millisecond
)

// passes remember for a while that the response to a key may not be shared, so
// that requests for it are not made to wait for each other. Each key has one
// slot, which another may take over: then the first is collapsed once more.
type passes struct {
	start time.Time
	slots [passSlots]atomic.Uint64 // upper half: of the hash; lower half: the end in ticks since start
}

func newPasses(now time.Time) *passes { return &passes{start: now} }

// set remembers a key's hash for d from now; zero or less forgets it.
func (p *passes) set(hash uint64, now time.Time, d time.Duration) {
	slot := &p.slots[hash%passSlots]
	if d > 0 {
		end := max(0, now.Add(d+passTick-1).Sub(p.start)/passTick)
		slot.Store(hash&^0xffffffff | uint64(uint32(end)))
		return
	}
	if old := slot.Load(); old>>32 == hash>>32 {
		slot.CompareAndSwap(old, 0)
	}
}

// has reports whether a key's hash is remembered.
func (p *passes) has(hash uint64, now time.Time) bool {
	word := p.slots[hash%passSlots].Load()
	return word != 0 && word>>32 == hash>>32 && now.Sub(p.start)/passTick < time.Duration(uint32(word))
}
