package cache

import (
	"path/filepath"
	"strconv"
	"testing"
)

// TestEvictionsAreWhatWasPushedOut holds that replacing, deleting and purging are none, and
// that a restart begins to count anew without a gap.
func TestEvictionsAreWhatWasPushedOut(t *testing.T) {
	s := newStore(t, Options{})
	evicted := func() int64 { st := s.Stats(); return st.EvictedTotal }
	k, body := keyOf(s, "a.example", "/a"), bodyOf(1, 3*segmentSize)
	for range 200 {
		s.Put(k, fillOf(s, ""), body[:100])
		s.PurgeURL(k, false)
	}
	s.Delete(k)
	if got := evicted(); got != 0 {
		t.Errorf("after replacing, purging and deleting: got %d evictions, want none", got)
	}
	fill := func(from, to int) {
		for i := from; i < to; i++ {
			s.Put(keyOf(s, "a.example", "/"+strconv.Itoa(i)), fillOf(s, ""), body[:2000])
		}
	}
	fill(0, 1000)
	dir := filepath.Join(t.TempDir(), "cache")
	if err := s.Save(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	s.journal.close()
	s = reload(t, dir, Loaded)
	if got := evicted(); got != 0 {
		t.Errorf("after a restart: got %d evictions, want none", got)
	}
	fill(0, 1000)
	if got := evicted(); got != 0 {
		t.Errorf("after all was stored again: got %d evictions, want none", got)
	}
	const more = 60_000
	fill(1000, more)
	var e Entry
	gone := int64(0)
	for i := range more {
		if s.peek(&e, keyOf(s, "a.example", "/"+strconv.Itoa(i))) == Miss {
			gone++
		}
	}
	if got := evicted(); got < gone || got > 2*gone { // the records of URLs are pushed out, too
		t.Errorf("%d entries are gone: got %d evictions", gone, got)
	}
}
