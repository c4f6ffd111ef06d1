package cache

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// TestInvalidationsRemoveExactlyTheirURL invalidates one URL after another of a host and
// wants everything else to stay, of that host and of others.
func TestInvalidationsRemoveExactlyTheirURL(t *testing.T) {
	objects, changes := 2_000, 200_000
	s := newStore(t, Options{})
	object := func(i int) Key { return keyOf(s, "shop"+strconv.Itoa(i%7)+".example", "/"+strconv.Itoa(i)) }
	for i := range objects {
		s.Put(object(i), fillOf(s, ""), bodyOf(uint64(i), 100))
	}
	for i := range changes {
		if err := s.PurgeURL(keyFrom(t, s, "POST http://shop1.example/?"+strconv.Itoa(i), nil), false); err != nil {
			t.Fatal(err)
		}
	}
	left := 0
	e := AcquireEntry()
	defer ReleaseEntry(e)
	for i := range objects {
		if s.Get(e, object(i)) == Hit {
			left++
		}
	}
	t.Logf("%d of %d objects are left after %d invalidations", left, objects, changes)
	if left != objects {
		t.Errorf("%d of %d objects are left after %d invalidations", left, objects, changes)
	}
	gone := object(8)
	s.PurgeURL(gone, false)
	wantOutcome(t, s, gone, Purged)
	wantBody(t, s, object(9), bodyOf(9, 100))
}

// TestInvalidationsRemoveAllOfTheirURL holds that schemes, methods, listed fields and
// variants fall with their URL, also when other URLs share its slot.
func TestInvalidationsRemoveAllOfTheirURL(t *testing.T) {
	s := newStore(t, Options{})
	b := s.NewKey(nil)
	b.URL(&URL{Scheme: []byte("http"), Host: []byte("a.example"), Path: []byte("/a")})
	b.Header("X-Tenant", []byte("a"), true)
	b.Cookie("lang", nil, false)
	base := keyOf(s, "a.example", "/a")
	keys := []Key{
		keyFrom(t, s, "GET https://a.example/a", nil), keyFrom(t, s, "REPORT http://a.example/a", nil),
		b.Key(),
	}
	fill := func() {
		record, _ := s.PutVariant(base, fillOf(s, ""))
		v := s.Variant(nil, base, record, []byte("gzip"))
		for _, k := range append(keys, v) {
			if r := s.Put(k, fillOf(s, ""), []byte("x")); r != Stored {
				t.Fatal(r)
			}
		}
		for _, k := range append(keys, base, v) {
			wantOutcome(t, s, k, Hit)
		}
		s.PurgeURL(base, false)
		for _, k := range append(keys, base, v) {
			wantOutcome(t, s, k, Purged)
		}
	}
	fill()
	fill() // what was invalidated may be stored again, and invalidated again
}

// TestAFillThatBeganBeforeAnInvalidation is not stored if the URL is its own, however many
// URLs were invalidated since, and is stored if it is another.
func TestAFillThatBeganBeforeAnInvalidation(t *testing.T) {
	for _, since := range []int{0, recentPurges / 2, 2 * recentPurges} {
		s := newStore(t, Options{})
		invalidate := func(url string) { s.PurgeURL(keyFrom(t, s, "POST "+url, nil), false) }
		own, other := keyOf(s, "a.example", "/own"), keyOf(s, "a.example", "/other")
		early, late := fillOf(s, ""), fillOf(s, "")
		invalidate("http://a.example/own")
		newer := fillOf(s, "")
		for i := range since {
			invalidate("http://b.example/?" + strconv.Itoa(i))
		}
		if got := s.Put(own, early, nil); got != Superseded {
			t.Errorf("%d later: a fill from before it: got %v, want superseded", since, got)
		}
		wantOutcome(t, s, own, Miss)
		if got := s.Put(own, newer, nil); got != Stored && since <= recentPurges {
			t.Errorf("%d later: a fill from after it: got %v, want stored", since, got)
		}
		if got := s.Put(other, late, nil); got != Stored && since < recentPurges {
			t.Errorf("%d later: a fill of another URL: got %v, want stored", since, got)
		}
	}
}

// TestAnEarlierFillOfTheSameURL is stored beside a later one, and both stay.
func TestAnEarlierFillOfTheSameURL(t *testing.T) {
	s := newStore(t, Options{})
	https := keyFrom(t, s, "GET https://a.example/a", nil)
	early := fillOf(s, "")
	s.PurgeURL(keyOf(s, "b.example", "/b"), false)
	s.Put(keyOf(s, "a.example", "/a"), fillOf(s, ""), nil)
	s.Put(https, early, nil)
	var shared Key // a URL in the slot of /a
	id := s.ring.secret.urlID(&https)
	for i := 0; shared.raw == nil; i++ {
		k := keyOf(s, "c.example", "/"+strconv.Itoa(i))
		if other := s.ring.secret.urlID(&k); other.slot() == id.slot() {
			shared = k
		}
	}
	s.PurgeURL(shared, false)
	wantOutcome(t, s, https, Hit)
	wantOutcome(t, s, keyOf(s, "a.example", "/a"), Hit)
}

// TestInvalidationsSurviveARestart loads what was saved before and after invalidations,
// with a record of the URL from before them among it.
func TestInvalidationsSurviveARestart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	s := newStore(t, Options{})
	page := func(s *Store, i int) Key { return keyOf(s, "a.example", "/"+strconv.Itoa(i)) }
	fill := func(from, to int) {
		for i := from; i < to; i++ {
			s.Put(page(s, i), fillOf(s, ""), bodyOf(uint64(i), 10))
		}
	}
	invalidate := func(from, to int) {
		for i := from; i < to; i++ {
			if err := s.PurgeURL(page(s, i), false); err != nil {
				t.Fatal(err)
			}
		}
	}
	fill(0, 3000)
	invalidate(0, 500)
	if err := s.Save(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	invalidate(500, 1000)
	fill(500, 600) // newer, and not in the files: gone with the process
	s.journal.close()
	s = reload(t, dir, Loaded)
	for i := range 3000 {
		if i < 1000 {
			wantOutcome(t, s, page(s, i), Purged)
		} else {
			wantBody(t, s, page(s, i), bodyOf(uint64(i), 10))
		}
	}
	fill(0, 1000)
	if err := s.Save(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	s.journal.close()
	s = reload(t, dir, Loaded)
	for i := range 3000 {
		wantBody(t, s, page(s, i), bodyOf(uint64(i), 10))
	}
}

// TestAFullJournalVoidsTheFiles holds that the journal is bounded, and that what it could
// not take brings nothing back.
func TestAFullJournalVoidsTheFiles(t *testing.T) {
	dir, s := saved(t, Options{})
	s.journal.room = 3 * recordSize
	for range 5 {
		if err := s.PurgeURL(keyOf(s, "a.example", "/small"), false); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(filepath.Join(dir, journalName(1))); err != nil || info.Size() != 3*recordSize {
		t.Errorf("the journal: %v, %v", info, err)
	}
	reload(t, dir, NothingSaved)
	if err := s.Save(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	s.journal.close()
	s = reload(t, dir, Loaded)
	wantOutcome(t, s, keyOf(s, "a.example", "/small"), Purged)
	wantBody(t, s, keyOf(s, "a.example", "/large"), bodyOf(1, 3*segmentSize))
}
