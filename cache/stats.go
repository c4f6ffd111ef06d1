package cache

import "sync/atomic"

// indexBytes is about what fastcache's map takes on the Go heap for an entry.
const indexBytes = 40

// counters count what happened since New. They survive nothing.
type counters struct {
	lookups  [countShards]lookupCounts
	refusals [refusals]atomic.Int64
	purges   [scopes]atomic.Int64
	rewrites atomic.Int64
	vanished atomic.Int64
	evicted  atomic.Int64 // highest that Stats has returned
}

type lookupCounts struct {
	outcomes [outcomes]atomic.Int64
	_        [64 - 8*outcomes]byte
}

// lookup counts a lookup of a key.
func (c *counters) lookup(hash uint64, o Outcome) {
	c.lookups[hash%countShards].outcomes[o].Add(1)
}

// note counts a refusal and returns it.
func (c *counters) note(r Refusal) Refusal {
	c.refusals[r].Add(1)
	return r
}

// Stats are the figures of a store. Bytes are bytes, all else counts since New.
// Records are what fastcache keeps: an entry, each segment of a body, and one for
// each URL.
type Stats struct {
	ConfiguredBytes int64 // what the ring may grow to
	UsedBytes       int64 // what the ring has taken so far; never given back
	OverheadBytes   int64 // beside the ring: index (estimated), purge slots, sketch
	WrittenBytes    int64 // into the ring, since the store was made first
	EvictedBytes    int64 // estimated: written beyond what the ring holds

	Records      int64 // estimated: the index keeps what was pushed out until its bucket has gone round
	RecordsSet   int64
	EvictedTotal int64 // records that others pushed out, neither replaced nor deleted; estimated, never falls
	Rewrites     int64 // records written again to stay
	Vanished     int64 // bodies of which a segment was pushed out
	Damaged      int64 // segments that were not what was written
	Collisions   int64 // lookups that met another key with the same hash; a miss each

	Outcomes [outcomes]int64 // lookups, by Outcome
	Refusals [refusals]int64 // fills, vary records and updates, by Refusal; [Stored] are those that were stored, Ended is not counted
	Purges   [scopes]int64   // by Scope
}

// evictedUpTo returns how many records were pushed out, when so many are missing now. A
// record that is just being written may be missing for a moment.
func (c *counters) evictedUpTo(missing int64) int64 {
	for {
		most := c.evicted.Load()
		if missing <= most || c.evicted.CompareAndSwap(most, missing) {
			return max(missing, most)
		}
	}
}

// Gets returns the number of lookups.
func (s *Stats) Gets() int64 {
	var sum int64
	for _, n := range s.Outcomes {
		sum += n
	}
	return sum
}

// Hits returns the number of lookups that found an entry, fresh, stale or softly purged.
func (s *Stats) Hits() int64 { return s.Outcomes[Hit] }

// Misses returns the number of lookups that found nothing of use: all but the hits.
func (s *Stats) Misses() int64 { return s.Gets() - s.Hits() }

// Stats reads all counters, not at one instant. It takes each of fastcache's locks, 512 for each
// 256 MiB, for a moment: for a scrape, not for a request.
func (s *Store) Stats() Stats {
	f := s.ring.shards.stats()
	written := int64(s.ring.odometer.Load())
	st := Stats{
		ConfiguredBytes: int64(f.MaxBytesSize), UsedBytes: int64(f.BytesSize),
		WrittenBytes: written, EvictedBytes: max(0, written-s.ring.capacity),
		Records: int64(f.EntriesCount), RecordsSet: s.ring.sets.Load(),
		Rewrites: s.count.rewrites.Load(), Vanished: s.count.vanished.Load(),
		Damaged: s.ring.damaged.Load(), Collisions: int64(f.Collisions),
	}
	st.OverheadBytes = st.Records*indexBytes + s.fixedBytes()
	st.EvictedTotal = s.count.evictedUpTo(s.ring.kept.Load() - st.Records)
	for i := range st.Outcomes {
		for j := range s.count.lookups {
			st.Outcomes[i] += s.count.lookups[j].outcomes[i].Load()
		}
	}
	for i := range st.Refusals {
		st.Refusals[i] = s.count.refusals[i].Load()
	}
	for i := range st.Purges {
		st.Purges[i] = s.count.purges[i].Load()
	}
	return st
}

// fixedBytes is what the store takes whatever it holds.
func (s *Store) fixedBytes() int64 {
	const slotBytes = 16
	n := int64(hostSlots+3*wideSlots)*slotBytes + recentPurges*8 + passSlots*8 + lockStripes*64
	if s.sketch != nil {
		n += int64(len(s.sketch.blocks)) * (blockWords + doorWords) * 8
	}
	return n
}
