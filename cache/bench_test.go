package cache

import (
	"io"
	"math/rand/v2"
	"strconv"
	"testing"
)

// hit does the work of a request that is served from the store: one key, one Get,
// and the body part by part.
type hit struct {
	store *Store
	url   URL
	buf   []byte
	entry *Entry
	body  *Body
	bytes int64
}

func newHit(t testing.TB, s *Store, size int) *hit {
	t.Helper()
	h := &hit{store: s, buf: make([]byte, 0, 512), entry: AcquireEntry(), body: AcquireBody()}
	h.url = URL{
		Method: []byte("GET"), Scheme: []byte("https"), Host: []byte("Shop.example:443"), Path: []byte("/items/0123456/view"),
		Query: []byte("page=3&utm_source=mail"), HasQuery: true, Rule: ruleOf(t, QueryOnly, "page"),
	}
	f := fillOf(s, "some meta of the response, as the gateway writes it")
	f.Fields = make([]byte, 300)
	f.Tags = [][]byte{[]byte("shop"), []byte("item-0123456")}
	if r := s.Put(h.key(), f, bodyOf(1, size)); r != Stored {
		t.Fatal(r)
	}
	return h
}

func (h *hit) key() Key {
	b := h.store.NewKey(h.buf)
	b.URL(&h.url)
	b.Header("Accept-Language", []byte("de"), true)
	return b.Key()
}

func (h *hit) run() {
	k := h.key()
	if h.store.Get(h.entry, k) != Hit {
		panic("no hit")
	}
	if err := h.body.Open(h.store, h.entry, k, 0, h.entry.BodySize); err != nil {
		panic(err)
	}
	for {
		part, err := h.body.Next()
		if err == io.EOF {
			return
		}
		if err != nil {
			panic(err)
		}
		h.bytes += int64(len(part))
	}
}

func BenchmarkHit(b *testing.B) {
	for _, size := range []int{1 << 10, 8 << 10, 100 << 10, 1 << 20} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			h := newHit(b, newStore(b, Options{Bytes: 256 << 20, Admission: true}), size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				h.run()
			}
		})
	}
}

func BenchmarkHitAfterPurges(b *testing.B) {
	s := newStore(b, Options{Admission: true})
	h := newHit(b, s, 1<<10)
	for i := range maxPathPurges {
		s.PurgeTag([]byte(strconv.Itoa(i)), false)
		s.PurgePrefix([]byte("shop.example"), []byte("/other"+strconv.Itoa(i)), false)
	}
	b.ReportAllocs()
	for b.Loop() {
		h.run()
	}
}

func BenchmarkHitParallel(b *testing.B) {
	s := newStore(b, Options{Admission: true})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		h := newHit(b, s, 1<<10)
		for pb.Next() {
			h.run()
		}
	})
}

func BenchmarkKey(b *testing.B) {
	h := newHit(b, newStore(b, Options{}), 1)
	b.ReportAllocs()
	for b.Loop() {
		h.key()
	}
}

func BenchmarkPut(b *testing.B) {
	for _, size := range []int{1 << 10, 1 << 20} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			s := newStore(b, Options{Bytes: 128 << 20})
			h := newHit(b, s, 1)
			k, f, body := h.key(), fillOf(s, "meta"), bodyOf(1, size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if r := s.Put(k, f, body); r != Stored {
					b.Fatal(r)
				}
			}
		})
	}
}

func BenchmarkSum(b *testing.B) {
	s := newStore(b, Options{})
	for _, size := range []int{64, 1 << 10, segmentSize} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			body := bodyOf(1, size)
			b.SetBytes(int64(size))
			for b.Loop() {
				s.ring.secret.sum(1, body)
			}
		})
	}
}

// BenchmarkGetSpread looks entries of 1 KiB up all over a store, so that neither
// the index nor the bytes are in a CPU cache as in the benchmarks of one key.
func BenchmarkGetSpread(b *testing.B) {
	for _, megabytes := range []int64{32, 1024} {
		s := newStore(b, Options{Bytes: megabytes << 20, Admission: true})
		keys, body := make([]Key, megabytes<<20/3000), bodyOf(1, 1<<10)
		for i := range keys {
			keys[i] = keyOf(s, "a.example", "/items/"+strconv.Itoa(i))
			if r := s.Put(keys[i], fillOf(s, "meta"), body); r != Stored {
				b.Fatal(r)
			}
		}
		b.Run(strconv.FormatInt(megabytes, 10)+"MiB", func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				e, random := AcquireEntry(), rand.New(rand.NewPCG(1, rand.Uint64()))
				defer ReleaseEntry(e)
				for pb.Next() {
					if s.Get(e, keys[random.IntN(len(keys))]) != Hit {
						b.Error("no hit")
					}
				}
			})
		})
	}
}
