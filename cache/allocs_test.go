//go:build !race

package cache

import "testing"

func TestAHitDoesNotAllocate(t *testing.T) {
	s := newStore(t, Options{Admission: true})
	for _, size := range []int{0, 1000, 5*segmentSize + 3} {
		h := newHit(t, s, size)
		h.run() // buffers are made once
		if got := testing.AllocsPerRun(500, h.run); got != 0 {
			t.Errorf("a hit of %d bytes: got %v allocations, want 0", size, got)
		}
	}
	h := newHit(t, s, 100)
	if err := s.PurgeTag([]byte("other"), false); err != nil {
		t.Fatal(err)
	}
	if got := testing.AllocsPerRun(500, h.run); got != 0 {
		t.Errorf("a hit that compares its slots: got %v allocations, want 0", got)
	}
}

func TestAVariantHitDoesNotAllocate(t *testing.T) {
	s := newStore(t, Options{})
	h := newHit(t, s, 100)
	record, _ := s.PutVariant(h.key(), fillOf(s, ""))
	values, buf := []byte("gzip"), make([]byte, 0, 512)
	s.Put(s.Variant(buf, h.key(), record, values), fillOf(s, ""), []byte("zipped"))
	if got := testing.AllocsPerRun(500, func() {
		k := h.key()
		if s.Get(h.entry, k) != Hit || h.entry.Kind != Variant {
			t.Fatal("no record")
		}
		if s.Get(h.entry, s.Variant(buf, k, h.entry.ID, values)) != Hit {
			t.Fatal("no variant")
		}
	}); got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}

func TestAMissAndAPassDoNotAllocate(t *testing.T) {
	s := newStore(t, Options{Admission: true})
	k, e := keyOf(s, "a.example", "/a"), AcquireEntry()
	if got := testing.AllocsPerRun(500, func() {
		s.Get(e, k)
		s.Pass(k, 1)
		s.Passes(k)
	}); got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}

func TestAPutReusesItsMemory(t *testing.T) {
	s := newStore(t, Options{})
	h := newHit(t, s, 3000)
	k, f, body := h.key(), fillOf(s, "meta"), make([]byte, 3000)
	if got := testing.AllocsPerRun(500, func() {
		if r := s.Put(k, f, body); r != Stored {
			t.Fatal(r)
		}
	}); got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}

func TestRecordsAndPortableKeysDoNotAllocate(t *testing.T) {
	s, c := newStore(t, Options{}), newCodec(t, sharedSecret)
	k := keyOf(s, "a.example", "/a")
	in := Record{Head: Head{Kind: Whole}, Tags: [][]byte{[]byte("news")}, Fields: []byte("A: b\r\n"), Body: make([]byte, 1000)}
	var out Record
	var key, sealed []byte
	if got := testing.AllocsPerRun(500, func() {
		key = k.AppendPortable(key[:0])
		c.KeyID(key)
		in.Key = key
		sealed = c.AppendRecord(sealed[:0], &in)
		if err := c.ReadRecord(&out, sealed, key); err != nil {
			t.Fatal(err)
		}
	}); got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}
