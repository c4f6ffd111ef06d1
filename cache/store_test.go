package cache

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// seeded returns a deterministic source for Options.Random.
func seeded(n uint64) func() uint64 { return rand.New(rand.NewPCG(n, 7)).Uint64 }

// newStore makes a store of 32 MiB steps whose clock stays at noon.
func newStore(t testing.TB, o Options) *Store {
	t.Helper()
	if o.Now == nil {
		o.Now = func() time.Time { return noon }
	}
	if o.Bytes == 0 {
		o.Bytes = Step
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // the memory serves the next test
		for _, ring := range s.ring.shards.list {
			ring.Reset()
		}
	})
	return s
}

// keyOf makes the key of a GET in its own memory.
func keyOf(s *Store, host, path string) Key {
	b := s.NewKey(nil)
	b.URL(&URL{Method: []byte("GET"), Scheme: []byte("http"), Host: []byte(host), Path: []byte(path)})
	return b.Key()
}

func fillOf(s *Store, meta string) *Fill {
	f := &Fill{Meta: []byte(meta), Fields: []byte("Content-Type: text/plain\r\n"), Size: -1}
	f.Seen, f.Status = s.Clock(), 200
	f.Created, f.Expires = noon.UnixMilli(), noon.Add(time.Hour).UnixMilli()
	return f
}

// bodyOf makes bytes that tell place and owner apart.
func bodyOf(seed uint64, size int) []byte {
	b := make([]byte, size+8)
	state := seed*0x9e3779b97f4a7c15 + 1
	for i := 0; i < size; i += 8 {
		state = state*6364136223846793005 + 1442695040888963407
		binary.LittleEndian.PutUint64(b[i:], state)
	}
	return b[:size]
}

// bodyIn reads an entry's whole body.
func bodyIn(s *Store, e *Entry, k Key) ([]byte, error) {
	b := AcquireBody()
	defer ReleaseBody(b)
	if err := b.Open(s, e, k, 0, e.BodySize); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	_, err := b.WriteTo(&out)
	return out.Bytes(), err
}

// wantBody checks that the key holds this body.
func wantBody(t *testing.T, s *Store, k Key, want []byte) {
	t.Helper()
	e := AcquireEntry()
	defer ReleaseEntry(e)
	if got := s.Get(e, k); got != Hit {
		t.Fatalf("%s: got %v, want a hit", k.Path(), got)
	}
	got, err := bodyIn(s, e, k)
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%s: got %d bytes and %v, want the %d bytes that were put", k.Path(), len(got), err, len(want))
	}
}

func wantOutcome(t *testing.T, s *Store, k Key, want Outcome) {
	t.Helper()
	e := AcquireEntry()
	defer ReleaseEntry(e)
	if got := s.Get(e, k); got != want {
		t.Errorf("%s: got %v, want %v", k.Path(), got, want)
	}
}

func TestEveryBoundaryComesBack(t *testing.T) {
	s := newStore(t, Options{Bytes: 4 * Step})
	record := shardHeader + len(keyOf(s, "a.example", "/0000").raw) + headSize + 2 + len("meta") + len("Content-Type: text/plain\r\n")
	inline := maxInline - record
	sizes := []int{0, 1, inline - 1, inline, inline + 1, 65535, 65536, 512000}
	for n := 1; n <= 4; n++ {
		sizes = append(sizes, n*segmentSize-1, n*segmentSize, n*segmentSize+1)
	}
	for i, size := range sizes {
		k := keyOf(s, "a.example", "/"+strconv.Itoa(1000+i))
		body := bodyOf(uint64(i), size)
		if r := s.Put(k, fillOf(s, "meta"), body); r != Stored {
			t.Fatalf("%d bytes: %v", size, r)
		}
		e := AcquireEntry()
		if got := s.Get(e, k); got != Hit || string(e.Meta) != "meta" || e.Status != 200 || e.BodySize != int64(size) {
			t.Fatalf("%d bytes: got %v, meta %q, status %d, size %d", size, got, e.Meta, e.Status, e.BodySize)
		}
		if (e.Kind == Whole) != (size <= inline) {
			t.Errorf("%d bytes: kind %d, inline limit %d", size, e.Kind, inline)
		}
		ReleaseEntry(e)
		wantBody(t, s, k, body)
	}
}

func TestRangesOfStoredBodies(t *testing.T) {
	s := newStore(t, Options{})
	for _, size := range []int{100, 3*segmentSize + 17} {
		k, body := keyOf(s, "a.example", "/"+strconv.Itoa(size)), bodyOf(1, size)
		s.Put(k, fillOf(s, ""), body)
		e := AcquireEntry()
		s.Get(e, k)
		for _, r := range [][2]int{{0, 1}, {0, size}, {size - 1, size}, {5, 5}, {7, size / 2}, {size / 2, size}} {
			b := AcquireBody()
			if err := b.Open(s, e, k, int64(r[0]), int64(r[1])); err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(b); err != nil || !bytes.Equal(got, body[r[0]:r[1]]) {
				t.Errorf("[%d, %d) of %d: got %d bytes, %v", r[0], r[1], size, len(got), err)
			}
			ReleaseBody(b)
		}
		var b Body
		for _, r := range [][2]int64{{-1, 1}, {2, 1}, {0, int64(size) + 1}} {
			if b.Open(s, e, k, r[0], r[1]) == nil {
				t.Errorf("[%d, %d) of %d was opened", r[0], r[1], size)
			}
		}
		ReleaseEntry(e)
	}
}

func TestOnlyCommittedBodiesAreSeen(t *testing.T) {
	s := newStore(t, Options{})
	k, body := keyOf(s, "a.example", "/a"), bodyOf(3, 5*segmentSize)
	w := AcquireWriter()
	if r := s.Begin(w, k, fillOf(s, "m")); r != Stored {
		t.Fatal(r)
	}
	for part := body; len(part) > 0; part = part[min(len(part), 1000):] {
		if _, err := w.Write(part[:min(len(part), 1000)]); err != nil {
			t.Fatal(err)
		}
		wantOutcome(t, s, k, Miss)
	}
	if r := w.Commit(); r != Stored {
		t.Fatal(r)
	}
	wantBody(t, s, k, body)

	s.Begin(w, k, fillOf(s, "other"))
	w.Write(bodyOf(4, 3*segmentSize))
	w.Abort()
	if got := w.Commit(); got != Ended {
		t.Errorf("commit after abort: got %v, want ended", got)
	}
	wantBody(t, s, k, body)
	ReleaseWriter(w)
}

func TestFillsAreRefused(t *testing.T) {
	s := newStore(t, Options{MaxObject: 50000})
	k := keyOf(s, "a.example", "/a")
	sized := func(n int64) *Fill { f := fillOf(s, ""); f.Size = n; return f }
	big := fillOf(s, "")
	big.Fields = make([]byte, 65500)
	for _, tc := range []struct {
		name  string
		fill  *Fill
		bytes int
		want  Refusal
	}{
		{"a body above the largest object, announced", sized(50001), 0, TooLarge},
		{"a body above the largest object, found out", sized(-1), 50001, TooLarge},
		{"a body of just that size", sized(50000), 50000, Stored},
		{"a body longer than announced", sized(10), 11, WrongSize},
		{"a body shorter than announced", sized(10), 9, WrongSize},
		{"fields that fit no record", big, 0, HeadTooBig},
	} {
		w := AcquireWriter()
		got := s.Begin(w, k, tc.fill)
		if got == Stored {
			if _, err := w.Write(make([]byte, tc.bytes)); err != nil {
				errors.As(err, &got)
			} else {
				got = w.Commit()
			}
		}
		ReleaseWriter(w)
		if got != tc.want {
			t.Errorf("%s: got %v, want %v", tc.name, got, tc.want)
		}
	}
}

func TestUpdateKeepsTheBody(t *testing.T) {
	s := newStore(t, Options{})
	for _, size := range []int{500, 4*segmentSize + 9} {
		k, body := keyOf(s, "a.example", "/"+strconv.Itoa(size)), bodyOf(1, size)
		s.Put(k, fillOf(s, "old"), body)
		e := AcquireEntry()
		s.Get(e, k)
		sets := s.ring.sets.Load()
		if r := s.Update(e, k, fillOf(s, "new")); r != Stored {
			t.Fatal(r)
		}
		if got := s.ring.sets.Load() - sets; got != 1 {
			t.Errorf("an update of %d bytes wrote %d records, want 1", size, got)
		}
		s.Get(e, k)
		if string(e.Meta) != "new" {
			t.Errorf("meta: got %q, want new", e.Meta)
		}
		wantBody(t, s, k, body)

		s.Put(k, fillOf(s, "third"), body)
		if r := s.Update(e, k, fillOf(s, "late")); r != Superseded {
			t.Errorf("an update of what was replaced: got %v, want superseded", r)
		}
		ReleaseEntry(e)
	}
}

func TestVariantsHangOnTheirRecord(t *testing.T) {
	s := newStore(t, Options{})
	base := keyOf(s, "a.example", "/a")
	first, r := s.PutVariant(base, fillOf(s, "accept-encoding"))
	if r != Stored {
		t.Fatal(r)
	}
	gzip, plain := s.Variant(nil, base, first, []byte("gzip")), s.Variant(nil, base, first, nil)
	s.Put(gzip, fillOf(s, "g"), []byte("zipped"))
	s.Put(plain, fillOf(s, "p"), []byte("plain"))
	wantBody(t, s, gzip, []byte("zipped"))
	wantBody(t, s, plain, []byte("plain"))

	e := AcquireEntry()
	defer ReleaseEntry(e)
	if got := s.Get(e, base); got != Hit || e.Kind != Variant || e.ID != first || string(e.Meta) != "accept-encoding" {
		t.Errorf("record: got %v kind %d id %x meta %q", got, e.Kind, e.ID, e.Meta)
	}
	second, _ := s.PutVariant(base, fillOf(s, "accept-encoding"))
	wantOutcome(t, s, s.Variant(nil, base, second, []byte("gzip")), Miss)
}

func TestAVanishedSegmentIsAnErrorAndThenAMiss(t *testing.T) {
	s := newStore(t, Options{})
	k, body := keyOf(s, "a.example", "/a"), bodyOf(1, 4*segmentSize)
	s.Put(k, fillOf(s, ""), body)
	e := AcquireEntry()
	defer ReleaseEntry(e)
	s.Get(e, k)
	during := AcquireBody()
	defer ReleaseBody(during)
	if err := during.Open(s, e, k, 0, e.BodySize); err != nil {
		t.Fatal(err)
	}
	ring, key := s.ring.shards.segment(e.ID, 2)
	ring.Del(key[:])
	got, err := io.ReadAll(during)
	if !errors.Is(err, ErrVanished) || !bytes.Equal(got, body[:2*segmentSize]) {
		t.Errorf("during: got %d bytes and %v, want two segments and ErrVanished", len(got), err)
	}
	if err := new(Body).Open(s, e, k, 0, e.BodySize); !errors.Is(err, ErrVanished) {
		t.Errorf("before: got %v, want ErrVanished", err)
	}
	if err := new(Body).Open(s, e, k, 0, segmentSize); err != nil {
		t.Errorf("a range that is whole: %v", err)
	}
	wantOutcome(t, s, k, Miss)
}

func TestForeignSegmentsAreRefused(t *testing.T) {
	s := newStore(t, Options{})
	k := keyOf(s, "a.example", "/a")
	s.Put(k, fillOf(s, ""), bodyOf(1, 4*segmentSize))
	e := AcquireEntry()
	defer ReleaseEntry(e)
	s.Get(e, k)
	ring, from := s.ring.shards.segment(e.ID, 1)
	_, to := s.ring.shards.segment(e.ID, 2)
	ring.Set(to[:], ring.Get(nil, from[:])) // a whole segment in the wrong place
	if _, err := bodyIn(s, e, k); !errors.Is(err, ErrVanished) {
		t.Errorf("got %v, want ErrVanished", err)
	}
	other := keyOf(s, "a.example", "/b")
	s.ring.shards.of(other).Set(other.raw, e.buf)
	wantOutcome(t, s, other, Damaged)
}
