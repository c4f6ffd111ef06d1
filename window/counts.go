package window

import "time"

// Counts is a histogram that is no longer written: what was recorded in some span of time.
// The zero value is empty. A bucket holds at most 2^32-1.
type Counts struct {
	buckets [Buckets]uint32
	total   uint64
}

// Merge adds the counts of o.
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

// Median returns Quantile(0.5).
func (c *Counts) Median() time.Duration { return c.Quantile(0.5) }

// Quantile returns the duration that the share q (0 to 1) of those counted do not exceed;
// zero when nothing was counted. Within a bucket durations are taken as evenly spread, so the
// error is below the width of a bucket: 12.5 % from 64 us on.
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

// Above returns how many durations were counted in buckets that begin at d or later.
func (c *Counts) Above(d time.Duration) uint64 {
	var n uint64
	for i := Buckets - 1; i >= 0 && lowest(i) >= d; i-- {
		n += uint64(c.buckets[i])
	}
	return n
}
