package window

import "time"

// Counts is a histogram that is no longer written: what was recorded in some span of time.
// The zero value is empty and ready for Merge, Reader.Read and Window.Sum. A bucket counts to
// 2^32-1 and then begins at zero again. It belongs to one goroutine at a time.
type Counts struct {
	buckets [Buckets]uint32
	total   uint64
}

// Merge adds the counts of o, which must not be nil and does not change.
func (c *Counts) Merge(o *Counts) {
	if o.total == 0 {
		return
	}
	for i, n := range o.buckets {
		c.buckets[i] += n
	}
	c.total += o.total
}

// Total returns how many durations were counted.
func (c *Counts) Total() uint64 { return c.total }

// Median returns Quantile(0.5): zero when nothing was counted.
func (c *Counts) Median() time.Duration { return c.Quantile(0.5) }

// Quantile returns the duration that the share q of those counted do not exceed, at most 67 s;
// zero when nothing was counted. A q below 0 counts as 0, above 1 as 1. Within a bucket
// durations are taken as evenly spread, so the error is below the width of a bucket: 12.5 %
// from 64 us on.
func (c *Counts) Quantile(q float64) time.Duration {
	if c.total == 0 {
		return 0
	}
	rank := min(max(q, 0), 1) * float64(c.total)
	below := 0.0
	last := 0
	for i, n := range c.buckets {
		if n == 0 {
			continue
		}
		if below+float64(n) >= rank {
			lo, hi := lowest(i), lowest(i+1)
			return lo + time.Duration((rank-below)/float64(n)*float64(hi-lo))
		}
		below += float64(n)
		last = i
	}
	return lowest(last + 1)
}

// Mean returns the average of the durations, each taken as the middle of its bucket; zero when
// nothing was counted.
func (c *Counts) Mean() time.Duration {
	if c.total == 0 {
		return 0
	}
	var sum float64
	for i, n := range c.buckets {
		if n > 0 {
			sum += float64(n) * float64(lowest(i)+lowest(i+1)) / 2
		}
	}
	return time.Duration(sum / float64(c.total))
}

// Above returns how many durations were counted in buckets that begin at d or later: all of
// them for d of zero or less. Those in the bucket that d lies in are left out unless d begins it.
func (c *Counts) Above(d time.Duration) uint64 {
	var n uint64
	for i := Buckets - 1; i >= 0 && lowest(i) >= d; i-- {
		n += uint64(c.buckets[i])
	}
	return n
}
