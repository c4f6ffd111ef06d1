package lb

import "sync/atomic"

const (
	windowSlots = 10

	tallyBits = 20
	tallyMask = 1<<tallyBits - 1
	tallyFull = tallyMask - 1<<12 // room for those that add at the same time
)

// window counts the attempts of the latest time, in ten slots. Each slot is one word, so
// that it is counted without a lock: the number of its period above, then the attempts,
// then those of them that failed. A full slot counts nothing more, which leaves its share
// of failures as it is.
type window struct {
	slots [windowSlots]atomic.Uint64
}

// tally is how many attempts failed, of how many.
type tally struct{ failed, of int }

// add counts an attempt in this period, a tenth of the window.
func (w *window) add(period int64, failed bool) {
	s := &w.slots[uint64(period)%windowSlots]
	one := uint64(1) << tallyBits
	if failed {
		one++
	}
	mark := uint64(period) << (2 * tallyBits)
	for {
		old := s.Load()
		if old&^(1<<(2*tallyBits)-1) == mark {
			if old>>tallyBits&tallyMask < tallyFull {
				s.Add(one)
			}
			return
		}
		if s.CompareAndSwap(old, mark|one) {
			return
		}
	}
}

// sum returns what was counted in the ten periods that end with this one.
func (w *window) sum(period int64) (t tally) {
	for i := range w.slots {
		word := w.slots[i].Load()
		age := (uint64(period) - word>>(2*tallyBits)) << (2 * tallyBits) >> (2 * tallyBits)
		if age < windowSlots {
			t.of += int(word >> tallyBits & tallyMask)
			t.failed += int(word & tallyMask)
		}
	}
	return t
}

// latest returns a number that is another one after an attempt was counted.
func (w *window) latest() (newest uint64) {
	for i := range w.slots {
		newest = max(newest, w.slots[i].Load())
	}
	return newest
}

// clear forgets all attempts.
func (w *window) clear() {
	for i := range w.slots {
		w.slots[i].Store(0)
	}
}
