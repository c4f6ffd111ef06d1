package cache

import (
	"strconv"
	"testing"

	"github.com/VictoriaMetrics/fastcache"
)

// TestSegmentsGoRoundTheBuckets fills every bucket of a store whose buckets are
// one chunk each with a value that leaves no room for another: whichever shares
// a bucket pushes the first one out.
func TestSegmentsGoRoundTheBuckets(t *testing.T) {
	s := newStore(t, Options{Random: seeded(1)})
	id, value := s.ring.random(), make([]byte, 40<<10)
	put := func(i int64) {
		ring, key := s.ring.shards.segment(id, i)
		ring.Set(key[:], value)
	}
	for i := range int64(shardBuckets) {
		put(i)
	}
	if !s.ring.hasSegments(id, 0, shardBuckets-1) {
		t.Fatal("two of 512 segments share a bucket")
	}
	put(shardBuckets)
	if s.ring.hasSegments(id, 0, 0) || !s.ring.hasSegments(id, 1, shardBuckets) {
		t.Error("the segment after 512 is not in the first one's bucket")
	}
}

// TestSegmentsGoRoundTheRings holds that each ring gets as many segments as it has
// columns, and that nothing is lost that is filed in one of several.
func TestSegmentsGoRoundTheRings(t *testing.T) {
	for _, steps := range []int64{shardSteps, shardSteps + 1, 2*shardSteps + 3} {
		s := newStore(t, Options{Bytes: steps * Step, Random: seeded(1)})
		id, columns := s.ring.random(), steps*shardBuckets
		for i := range columns {
			ring, key := s.ring.shards.segment(id, i)
			ring.Set(key[:], nil)
		}
		if !s.ring.hasSegments(id, 0, columns-1) {
			t.Errorf("%d steps: segments are missing", steps)
		}
		for n, ring := range s.ring.shards.list {
			var f fastcache.Stats
			ring.UpdateStats(&f)
			if f.EntriesCount != f.MaxBytesSize/shardChunk || int64(f.MaxBytesSize) != min(shardSteps, steps-int64(n)*shardSteps)*Step {
				t.Errorf("%d steps: ring %d of %d bytes got %d segments", steps, n, f.MaxBytesSize, f.EntriesCount)
			}
		}
	}
}

// TestEntriesFillTheRingsEvenly holds that each ring gets entries in proportion
// to its size.
func TestEntriesFillTheRingsEvenly(t *testing.T) {
	s := newStore(t, Options{Bytes: (shardSteps + 1) * Step, Random: seeded(1)})
	const entries = 5000 // and as many records of URLs
	for i := range entries {
		s.Put(keyOf(s, "a.example", "/"+strconv.Itoa(i)), fillOf(s, ""), nil)
	}
	for n, steps := range []uint64{shardSteps, 1} {
		var f fastcache.Stats
		s.ring.shards.list[n].UpdateStats(&f)
		if want := 2 * entries * steps / (shardSteps + 1); f.EntriesCount < want*8/10 || f.EntriesCount > want*12/10 {
			t.Errorf("ring %d: got %d records, want about %d", n, f.EntriesCount, want)
		}
	}
}

func TestABodyBeginsWhereTheLastEnded(t *testing.T) {
	s := newStore(t, Options{Random: seeded(1)})
	s.Put(keyOf(s, "a.example", "/a"), fillOf(s, ""), make([]byte, 5*segmentSize-3))
	if got := s.ring.newID() % shardBuckets; got != 5 {
		t.Errorf("the next body begins in bucket %d, want 5", got)
	}
	if a, b := s.ring.newID(), s.ring.newID(); a == b {
		t.Error("two ids are one")
	}
}

func TestTheLargestBodyFits(t *testing.T) {
	s := newStore(t, Options{MaxObject: 1 << 40})
	if s.MaxObject() != largestBody(Step) {
		t.Fatalf("got %d, want %d", s.MaxObject(), largestBody(Step))
	}
	pattern := bodyOf(1, int(s.MaxObject())+1)
	for i := range 2 {
		k, body := keyOf(s, "a.example", string(rune('a'+i))), pattern[i:][:s.MaxObject()]
		if r := s.Put(k, fillOf(s, ""), body); r != Stored {
			t.Fatal(r)
		}
		if i == 1 {
			wantBody(t, s, k, body)
		}
	}
}
