package metrics

import (
	"sync/atomic"
	"time"
	"unsafe"

	"penstock/exchange"
)

// shardOf spreads exchanges over shards. An Exchange comes from a pool that each
// processor has for itself, so its address identifies the processor, and counters
// are mostly written by one core. The choice of the shard does not change any sum.
func shardOf(x *exchange.Exchange) uint {
	const golden = 0x9E3779B97F4A7C15 // 2^64 divided by the golden ratio (multiplicative hashing)
	return uint(uint64(uintptr(unsafe.Pointer(x))>>6) * golden >> 40)
}

// bounds are the upper bounds of every duration histogram, in microseconds.
var bounds = [...]uint64{
	500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
	1_000_000, 2_500_000, 5_000_000, 10_000_000, 30_000_000, 60_000_000,
}

// durations counts durations in buckets. The zero value is empty. Sums are kept in
// whole microseconds, which 64 bits hold for half a million years of waiting.
type durations struct {
	buckets [len(bounds) + 1]atomic.Uint64
	micros  atomic.Uint64
}

// observe counts d; below zero counts as zero.
func (h *durations) observe(d time.Duration) {
	us := uint64(max(d+500, 0)) / 1000 // rounded to the nearest, so that the sum has no bias
	i := 0
	for i < len(bounds) && us > bounds[i] {
		i++
	}
	h.buckets[i].Add(1)
	h.micros.Add(us)
}

// total is the sum of several durations.
type total struct {
	buckets [len(bounds) + 1]uint64
	micros  uint64
}

func (t *total) add(h *durations) {
	for i := range h.buckets {
		t.buckets[i] += h.buckets[i].Load()
	}
	t.micros += h.micros.Load()
}

// observations returns how many durations t contains.
func (t *total) observations() (n uint64) {
	for _, b := range t.buckets {
		n += b
	}
	return n
}
