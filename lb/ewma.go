package lb

import (
	"math"
	"sync/atomic"
	"time"
)

const (
	tickShift  = 20                  // a tick is 2^20 ns, about a millisecond
	decayTicks = (10e9) / (1 << 20.) // time constant of the average: 10 s
)

// ewma is a peak-sensitive moving average of latencies: a higher sample replaces
// it at once, lower ones pull it down with a time constant of 10 s, and while no
// sample arrives its reading fades, so that a slow backend is picked again.
//
// One word holds it, so that an update is one compare-and-swap: the upper half
// is the average in nanoseconds as a float32, the lower half the tick of the
// last sample. Zero means that there has been none.
type ewma struct {
	word atomic.Uint64
}

// add takes a sample.
func (e *ewma) add(took time.Duration, now time.Time) { e.sample(took, now, false) }

// raise takes the sample of a failed attempt, which never lowers the reading: a
// backend that refuses quickly is not a fast one.
func (e *ewma) raise(took time.Duration, now time.Time) { e.sample(took, now, true) }

func (e *ewma) sample(took time.Duration, now time.Time, peakOnly bool) {
	if took <= 0 {
		return
	}
	tick := uint32(now.UnixNano() >> tickShift)
	for {
		old := e.word.Load()
		avg, last := unpack(old)
		next := float32(took)
		if old != 0 && next <= avg {
			age := int32(tick - last)
			if age <= 0 {
				return // within one tick further samples weigh nothing
			}
			keep := fade(uint32(age))
			if peakOnly && next <= avg*keep {
				return
			}
			if !peakOnly {
				next = avg*keep + next*(1-keep)
			}
		}
		if e.word.CompareAndSwap(old, uint64(math.Float32bits(next))<<32|uint64(tick)) {
			return
		}
	}
}

// at returns the average in nanoseconds, faded by the time since the last
// sample; known is false when there has been no sample.
func (e *ewma) at(now int64) (avg float32, known bool) {
	word := e.word.Load()
	if word == 0 {
		return 0, false
	}
	avg, last := unpack(word)
	if age := int32(uint32(now>>tickShift) - last); age > 0 {
		avg *= fade(uint32(age))
	}
	return avg, true
}

func (e *ewma) value() time.Duration {
	avg, _ := unpack(e.word.Load())
	return time.Duration(avg)
}

func unpack(word uint64) (avg float32, tick uint32) {
	return math.Float32frombits(uint32(word >> 32)), uint32(word)
}

// fade returns how much of a value is left after so many ticks.
func fade(ticks uint32) float32 {
	return float32(math.Exp(-float64(ticks) / decayTicks))
}
