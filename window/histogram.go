package window

import (
	"math/bits"
	"sync/atomic"
	"time"
)

const (
	stepBits = 3             // a power of two is divided into 8 buckets of equal width
	steps    = 1 << stepBits //
	lowBits  = 6             // below 2^6 us all buckets have the width of those that follow
	topBits  = 26            // durations from 2^26 us (67 s) on count in the last bucket

	// Buckets is how many buckets a histogram has.
	Buckets = steps + (topBits-lowBits)*steps
)

// indexOf returns the bucket of d. Durations below zero count as zero.
func indexOf(d time.Duration) int {
	us := uint64(max(d, 0)) / 1000
	if us < 1<<lowBits {
		return int(us >> (lowBits - stepBits))
	}
	if us >= 1<<topBits {
		return Buckets - 1
	}
	power := bits.Len64(us) - 1
	return (power-lowBits+1)*steps + int(us>>(power-stepBits))&(steps-1)
}

// lowest returns the smallest duration of bucket i. For i = Buckets it is the upper bound of
// the last bucket.
func lowest(i int) time.Duration {
	if i < steps {
		return time.Duration(i) << (lowBits - stepBits) * time.Microsecond
	}
	power := i/steps - 1 + lowBits
	return time.Duration(steps+i%steps) << (power - stepBits) * time.Microsecond
}

// Histogram counts durations in log-linear buckets: 8 for each power of two from 64 us to
// 67 s, so that a bucket is at most 12.5 % wide, and buckets of 8 us below. Its counts only
// grow. The zero value is empty. It is safe for concurrent use.
type Histogram struct {
	buckets [Buckets]atomic.Uint64
}

// Add counts d; a duration below zero counts as zero, one above 67 s as 67 s. It takes no lock
// and does not allocate.
func (h *Histogram) Add(d time.Duration) { h.buckets[indexOf(d)].Add(1) }

// Reader remembers how much of a Histogram has been read. The zero value has read nothing. It
// belongs to one goroutine at a time, and to one Histogram.
type Reader struct {
	seen [Buckets]uint64
}

// Read adds to c what was recorded in h since the last Read, at the first one all of it. c keeps
// its earlier counts.
func (r *Reader) Read(h *Histogram, c *Counts) {
	for i := range h.buckets {
		n := h.buckets[i].Load()
		if n == r.seen[i] {
			continue
		}
		c.buckets[i] += uint32(n - r.seen[i])
		c.total += n - r.seen[i]
		r.seen[i] = n
	}
}
