package cache

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

// TestABodyThatIsOpenedAgainKeepsNoClaim reads old bodies over and over with one
// Body: each time one of them is rewritten it must give its claim back.
func TestABodyThatIsOpenedAgainKeepsNoClaim(t *testing.T) {
	s := newStore(t, Options{Random: seeded(3)})
	k, body := keyOf(s, "a.example", "/a"), bodyOf(1, 3*segmentSize)
	e, b := AcquireEntry(), AcquireBody()
	defer ReleaseEntry(e)
	defer ReleaseBody(b)
	for _, stop := range []int{1, len(body)} {
		for range claimSlots + 1 {
			s.Put(k, fillOf(s, ""), body)
			s.ring.odometer.Add(uint64(s.ring.capacity) / 10 * 7)
			if s.Get(e, k) != Hit {
				t.Fatal("no hit")
			}
			if err := b.Open(s, e, k, 0, e.BodySize); err != nil {
				t.Fatal(err)
			}
			if !b.saves {
				t.Fatal("an old body is not rewritten: its claim was never given back")
			}
			io.ReadFull(b, make([]byte, stop))
		}
	}
}

// TestASlowFillIsAsOldAsItsFirstSegment holds that a body is rewritten in time,
// though its head came long after its segments.
func TestASlowFillIsAsOldAsItsFirstSegment(t *testing.T) {
	s := newStore(t, Options{})
	k, w, e := keyOf(s, "a.example", "/a"), AcquireWriter(), AcquireEntry()
	defer ReleaseWriter(w)
	defer ReleaseEntry(e)
	s.Begin(w, k, fillOf(s, ""))
	w.Write(make([]byte, 3*segmentSize))
	s.ring.odometer.Add(uint64(s.ring.capacity) / 10 * 7)
	if r := w.Commit(); r != Stored {
		t.Fatal(r)
	}
	if s.Get(e, k); !s.ring.nearTail(e.written) {
		t.Error("segments that are near the tail count as new")
	}
}

// TestARewriteKeepsWhatAnUpdateWrote lets a reader rewrite a body whose head was
// validated meanwhile, and one that was replaced or deleted meanwhile.
func TestARewriteKeepsWhatAnUpdateWrote(t *testing.T) {
	s := newStore(t, Options{})
	body := bodyOf(1, 3*segmentSize)
	for _, tc := range []struct {
		name      string
		meanwhile func(e *Entry, k Key)
		meta      string // what is stored in the end; empty is nothing
	}{
		{"updated", func(e *Entry, k Key) { s.Update(e, k, fillOf(s, "second")) }, "second"},
		{"replaced", func(_ *Entry, k Key) { s.Put(k, fillOf(s, "third"), body) }, "third"},
		{"deleted", func(_ *Entry, k Key) { s.Delete(k) }, ""},
		{"purged", func(_ *Entry, k Key) { s.PurgeURL(k, false) }, ""},
	} {
		k, e, b := keyOf(s, "a.example", "/"+tc.name), AcquireEntry(), AcquireBody()
		s.Put(k, fillOf(s, "first"), body)
		s.ring.odometer.Add(uint64(s.ring.capacity) / 10 * 7)
		s.Get(e, k)
		if err := b.Open(s, e, k, 0, e.BodySize); err != nil || !b.saves {
			t.Fatalf("%s: %v, rewritten %v", tc.name, err, b.saves)
		}
		again := AcquireEntry()
		s.peek(again, k)
		tc.meanwhile(again, k)
		if got, err := io.ReadAll(b); err != nil || !bytes.Equal(got, body) {
			t.Errorf("%s: got %d bytes, %v", tc.name, len(got), err)
		}
		switch got := s.peek(again, k); {
		case tc.meta == "" && got == Hit:
			t.Errorf("%s: a rewrite brought it back", tc.name)
		case tc.meta != "" && (got != Hit || string(again.Meta) != tc.meta):
			t.Errorf("%s: got %v with %q", tc.name, got, again.Meta)
		case tc.meta != "":
			wantBody(t, s, k, body)
		}
		ReleaseBody(b)
		ReleaseEntry(e)
		ReleaseEntry(again)
	}
}

// TestAPartEndsBeforeASegmentThatIsGone reads as far as it can when the second
// segment of a part is pushed out while the body is read.
func TestAPartEndsBeforeASegmentThatIsGone(t *testing.T) {
	for lost := range int64(4) {
		s := newStore(t, Options{})
		k, body := keyOf(s, "a.example", "/a"), bodyOf(1, 4*segmentSize)
		s.Put(k, fillOf(s, ""), body)
		e, b := AcquireEntry(), AcquireBody()
		s.Get(e, k)
		if err := b.Open(s, e, k, 5, e.BodySize); err != nil {
			t.Fatal(err)
		}
		ring, key := s.ring.shards.segment(e.ID, lost)
		ring.Set(key[:], make([]byte, segmentSumSize+segmentSize)) // of the right length, at that
		got, err := io.ReadAll(b)
		if want := body[min(5, lost*segmentSize):][:max(0, lost*segmentSize-5)]; !errors.Is(err, ErrVanished) || !bytes.Equal(got, want) {
			t.Errorf("segment %d: got %d bytes and %v, want %d", lost, len(got), err, len(want))
		}
		ReleaseBody(b)
		ReleaseEntry(e)
	}
}
