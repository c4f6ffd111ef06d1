package cache

import "testing"

// TestPiecesGoRoundTheBuckets fills every bucket of a store whose buckets are
// one chunk each with a value that leaves no room for another: whichever shares
// a bucket pushes the first one out.
func TestPiecesGoRoundTheBuckets(t *testing.T) {
	s := newStore(t, Options{Random: seeded(1)})
	id, value := s.random(), make([]byte, 60<<10)
	for i := range int64(ringBuckets) {
		key := makePieceKey(id, i)
		s.ring.Set(key[:], value)
	}
	if !s.hasPieces(id, 0, ringBuckets-1) {
		t.Fatal("two of 512 pieces share a bucket")
	}
	again := makePieceKey(id, ringBuckets)
	s.ring.Set(again[:], value)
	if s.hasPieces(id, 0, 0) || !s.hasPieces(id, 1, ringBuckets) {
		t.Error("the piece after 512 is not in the first one's bucket")
	}
}

func TestABodyBeginsWhereTheLastEnded(t *testing.T) {
	s := newStore(t, Options{Random: seeded(1)})
	s.Put(keyOf(s, "a.example", "/a"), fillOf(s, ""), make([]byte, 5*pieceSize))
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
