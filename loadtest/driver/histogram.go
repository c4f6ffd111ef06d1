package driver

import (
	"fmt"
	"math/bits"
	"time"
)

// Buckets are linear up to 2^subBits ns and then 2^subBits for each doubling, so a
// value is known to better than 0.8 %. The last bucket ends at 2^topBits ns, 18 minutes.
const (
	subBits = 7
	topBits = 40
	buckets = (topBits - subBits + 1) << subBits
)

// Histogram counts durations in fixed buckets. The zero value is empty. It is not
// safe for concurrent use.
type Histogram struct {
	counts [buckets]int64
	count  int64
	sum    time.Duration
	max    time.Duration
}

// Record counts d; a negative one counts as 0. Max and Mean are exact; Quantile shows one beyond 18
// minutes as that.
func (h *Histogram) Record(d time.Duration) {
	d = max(d, 0)
	h.counts[bucketOf(d)]++
	h.count++
	h.sum += d
	h.max = max(h.max, d)
}

// bucketOf is the index of d's bucket.
func bucketOf(d time.Duration) int {
	v := min(uint64(d), 1<<topBits-1)
	shift := max(bits.Len64(v)-subBits-1, 0)
	return shift<<subBits + int(v>>shift)
}

// ceiling is the largest duration of bucket i.
func ceiling(i int) time.Duration {
	shift := max(i>>subBits-1, 0)
	return time.Duration((uint64(i-shift<<subBits)+1)<<shift - 1)
}

// Count returns how many durations were recorded.
func (h *Histogram) Count() int64 { return h.count }

// Max returns the longest duration that was recorded, exactly; 0 when none was.
func (h *Histogram) Max() time.Duration { return h.max }

// Mean returns the exact average, 0 when none was recorded.
func (h *Histogram) Mean() time.Duration {
	if h.count == 0 {
		return 0
	}
	return h.sum / time.Duration(h.count)
}

// Quantile returns a duration that the share q of the recorded ones, 0 to 1, does not exceed. It is
// at most 0.8 % too long, and 0 when none was recorded. A q below 0 counts as 0, above 1 as 1.
func (h *Histogram) Quantile(q float64) time.Duration {
	rank := min(int64(q*float64(h.count)), h.count-1) // of as many that lie below
	for i, n := range h.counts {
		if rank -= n; rank < 0 && n > 0 {
			return min(ceiling(i), h.max)
		}
	}
	return 0
}

// String returns the count, three quantiles and the maximum, with three or four digits each.
func (h *Histogram) String() string {
	return fmt.Sprintf("%d, p50 %v, p99 %v, p99.9 %v, max %v", h.count,
		short(h.Quantile(0.5)), short(h.Quantile(0.99)), short(h.Quantile(0.999)), short(h.max))
}

func (h *Histogram) figures() map[string]any {
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	return map[string]any{
		"count": h.count, "mean_ms": ms(h.Mean()), "p50_ms": ms(h.Quantile(0.5)), "p99_ms": ms(h.Quantile(0.99)),
		"p999_ms": ms(h.Quantile(0.999)), "max_ms": ms(h.max),
	}
}

// short rounds d to three or four digits.
func short(d time.Duration) time.Duration {
	unit := time.Duration(1)
	for d/unit >= 10_000 {
		unit *= 10
	}
	return d.Round(unit)
}
