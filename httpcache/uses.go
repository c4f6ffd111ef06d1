package httpcache

import (
	"sync/atomic"
	"time"

	"penstock/cache/rfc9111"
)

// uses counts how often variants were served. Two variants may share a counter; then it is that of
// the one that was served last, and the other counts as not served. A count halves with each
// minute in which the variant is not served, so that what was popular once gives way in the end.
// Safe for concurrent use.
type uses struct {
	counters [usesSize]atomic.Uint64 // minute of the latest use, tag of the variant, count
}

const (
	usesSize  = 1 << 13
	countBits = 20
	tagBits   = 18
)

// counter returns the counter of a variant, and its tag.
func (u *uses) counter(record, id uint64) (c *atomic.Uint64, tag uint64) {
	h := record ^ id
	return &u.counters[h%usesSize], h >> (64 - tagBits)
}

// touch counts one use.
func (u *uses) touch(record, id uint64, now rfc9111.Instant) {
	u.set(record, id, min(u.count(record, id, now)+1, 1<<countBits-1), now)
}

func (u *uses) set(record, id, count uint64, now rfc9111.Instant) {
	c, tag := u.counter(record, id)
	c.Store((minuteOf(now)<<tagBits|tag)<<countBits | count)
}

// count returns how often a variant was served, by now.
func (u *uses) count(record, id uint64, now rfc9111.Instant) uint64 {
	c, tag := u.counter(record, id)
	v := c.Load()
	if v>>countBits&(1<<tagBits-1) != tag {
		return 0
	}
	idle := minuteOf(now) - min(v>>(countBits+tagBits), minuteOf(now))
	return v & (1<<countBits - 1) >> min(idle, 63)
}

// minuteOf returns the minute of an instant. It has 26 bits until 2097.
func minuteOf(now rfc9111.Instant) uint64 { return uint64(now) / uint64(time.Minute/time.Millisecond) }
