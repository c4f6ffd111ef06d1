package lb

import (
	"math"
	"sync/atomic"
	"time"
)

const (
	durationSteps   = 8                  // buckets of a power of two
	durationBuckets = 26 * durationSteps // from 1 us to 67 s
	durationShift   = 23 - 3             // of the bits of a float32: its exponent and three bits below are left
	durationLowest  = 127 * durationSteps
)

// durations counts how long responses took, in the ten periods of a window. A bucket is at
// most 12.5 % wide. It is counted without a lock; a count may get lost where a period begins.
type durations struct {
	slots [windowSlots]struct {
		period atomic.Int64
		counts [durationBuckets]atomic.Uint32
	}
}

// add counts a response in this period.
func (d *durations) add(period int64, took time.Duration) {
	s := &d.slots[uint64(period)%windowSlots]
	if old := s.period.Load(); old != period && s.period.CompareAndSwap(old, period) {
		for i := range s.counts {
			s.counts[i].Store(0)
		}
	}
	s.counts[durationBucket(took)].Add(1)
}

// clear forgets all responses.
func (d *durations) clear() {
	for i := range d.slots {
		d.slots[i].period.Store(0)
	}
}

// durationBucket returns the bucket of d: by its exponent and the first three bits that
// follow, as a number of microseconds.
func durationBucket(d time.Duration) int {
	us := max(float32(d)/1000, 1)
	return min(int(math.Float32bits(us)>>durationShift)-durationLowest, durationBuckets-1)
}

// durationOf returns the middle of a bucket.
func durationOf(bucket int) time.Duration {
	us := math.Float32frombits(uint32(bucket+durationLowest)<<durationShift + 1<<(durationShift-1))
	return time.Duration(us * 1000)
}

// spread is how long the responses of some backends took.
type spread struct {
	counts [durationBuckets]int32
	n      int
}

// add adds what d counted in the ten periods that end with this one.
func (s *spread) add(d *durations, period int64) {
	for i := range d.slots {
		slot := &d.slots[i]
		if age := period - slot.period.Load(); age < 0 || age >= windowSlots {
			continue
		}
		for b := range slot.counts {
			n := int32(slot.counts[b].Load())
			s.counts[b] += n
			s.n += int(n)
		}
	}
}

// without takes the responses of o, which are among those of s, out of s.
func (s *spread) without(o *spread) {
	for b := range s.counts {
		s.counts[b] = max(0, s.counts[b]-o.counts[b])
	}
	s.n = max(0, s.n-o.n)
}

// quantile returns the duration that this share of the responses, 0 to 1, did not exceed;
// zero when there is none.
func (s *spread) quantile(share float64) time.Duration {
	left := int(math.Ceil(share * float64(s.n)))
	for b, n := range s.counts {
		if left -= int(n); left <= 0 && n > 0 {
			return durationOf(b)
		}
	}
	return 0
}

// moments returns mean and variance of the logarithm of the durations, in buckets.
func (s *spread) moments() (mean, variance float64) {
	var sum, squares float64
	for b, n := range s.counts {
		sum += float64(n) * float64(b)
		squares += float64(n) * float64(b) * float64(b)
	}
	mean = sum / float64(s.n)
	return mean, squares/float64(s.n) - mean*mean
}
