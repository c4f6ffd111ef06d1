package cache

import (
	"strconv"
	"testing"

	"github.com/VictoriaMetrics/fastcache"
)

// TestPiecesGoRoundTheColumns files as many values as a store has columns, each
// so large that a chunk has no room for another: none may push another out, in
// one ring or in several of unequal size.
func TestPiecesGoRoundTheColumns(t *testing.T) {
	for _, steps := range []int64{1, ringSteps, ringSteps + 1, 2*ringSteps + 3} {
		s := newStore(t, Options{Bytes: steps * Step, Random: seeded(1)})
		if got, want := int64(len(s.rings.list)), (steps+ringSteps-1)/ringSteps; got != want {
			t.Errorf("%d steps: got %d rings, want %d", steps, got, want)
		}
		id, value, columns := s.random(), make([]byte, 40<<10), steps*ringBuckets
		put := func(i int64) {
			ring, key := s.rings.piece(id, i)
			ring.Set(key[:], value)
		}
		for i := range columns {
			put(i)
		}
		if !s.hasPieces(id, 0, columns-1) {
			t.Fatalf("%d steps: two of %d pieces share a column", steps, columns)
		}
		put(columns)
		lost := int64(0)
		for i := range columns + 1 {
			if !s.hasPieces(id, i, i) {
				lost++
			}
		}
		if lost != 1 {
			t.Errorf("%d steps: one more piece pushed %d out, want 1", steps, lost)
		}
	}
}

// TestEntriesFillTheRingsEvenly holds that each ring gets entries in proportion
// to its size.
func TestEntriesFillTheRingsEvenly(t *testing.T) {
	s := newStore(t, Options{Bytes: (ringSteps + 1) * Step, Random: seeded(1)})
	const entries = 20_000
	for i := range entries {
		s.Put(keyOf(s, "a.example", "/"+strconv.Itoa(i)), fillOf(s, ""), nil)
	}
	for n, steps := range []uint64{ringSteps, 1} {
		var f fastcache.Stats
		s.rings.list[n].UpdateStats(&f)
		if want := entries * steps / (ringSteps + 1); f.EntriesCount < want*9/10 || f.EntriesCount > want*11/10 {
			t.Errorf("ring %d: got %d entries, want about %d", n, f.EntriesCount, want)
		}
	}
}

func TestABodyBeginsWhereTheLastEnded(t *testing.T) {
	s := newStore(t, Options{Random: seeded(1)})
	s.Put(keyOf(s, "a.example", "/a"), fillOf(s, ""), make([]byte, 5*pieceSize-3))
	if got := s.newID() % ringBuckets; got != 5 {
		t.Errorf("the next body begins in bucket %d, want 5", got)
	}
	if a, b := s.newID(), s.newID(); a == b {
		t.Error("two ids are one")
	}
}

func TestTheLargestBodyFits(t *testing.T) {
	s := newStore(t, Options{MaxObject: 1 << 40})
	if s.MaxObject() != largestBody(Step) {
		t.Fatalf("got %d, want %d", s.MaxObject(), largestBody(Step))
	}
	for i := range 3 {
		k, body := keyOf(s, "a.example", string(rune('a'+i))), bodyOf(uint64(i), int(s.MaxObject()))
		if r := s.Put(k, fillOf(s, ""), body); r != Stored {
			t.Fatal(r)
		}
		wantBody(t, s, k, body)
	}
}
