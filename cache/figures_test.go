//go:build !race

package cache

import (
	"bytes"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"testing"
)

// trace is a Zipf workload with scans: every fifth stretch of requests asks for
// objects that nobody asks for again.
type trace struct {
	zipf   *rand.Zipf
	random *rand.Rand
	scan   uint64
	n      int
}

func newTrace(seed, objects uint64) *trace {
	random := rand.New(rand.NewPCG(seed, 1))
	return &trace{zipf: rand.NewZipf(random, 1.01, 10, objects-1), random: random, scan: objects}
}

func (tr *trace) next() (object uint64, isScan bool) {
	tr.n++
	if tr.n/5000%5 == 4 {
		tr.scan++
		return tr.scan, true
	}
	return tr.zipf.Uint64(), false
}

// ratio runs the trace over a store and returns the hit ratio of what is not
// a scan, in the trace's second half.
func ratio(t *testing.T, s *Store, tr *trace, requests int) float64 {
	t.Helper()
	e, body := AcquireEntry(), bodyOf(1, 4<<10)
	defer ReleaseEntry(e)
	var hits, asked float64
	buf := make([]byte, 0, 128)
	path := make([]byte, 0, 32)
	for i := range requests {
		object, scan := tr.next()
		path = strconv.AppendUint(append(path[:0], '/'), object, 10)
		b := s.NewKey(buf)
		b.URL(&URL{Host: []byte("a.example"), Path: path})
		k := b.Key()
		found := s.Get(e, k) == Hit
		if !found {
			size := 512 + int(object*2654435761%3500) // an object keeps its size
			s.Put(k, fillOf(s, ""), body[:size])
		}
		if i > requests/2 && !scan {
			asked++
			if found {
				hits++
			}
		}
	}
	return hits / asked
}

// TestAdmissionPays compares hit ratios on the same trace: with all guards,
// without admission, and without rewriting either, which is fastcache alone.
func TestAdmissionPays(t *testing.T) {
	objects, requests, bytesOf := uint64(150_000), 300_000, int64(Step)
	if os.Getenv(bigRun) != "" {
		objects, requests, bytesOf = 1_000_000, 6_000_000, 8*Step
	}
	run := func(admission, rewrite bool) float64 {
		s := newStore(t, Options{Bytes: bytesOf, Admission: admission, Random: seeded(9)})
		if !rewrite {
			s.rewrite.tokens.Store(-1 << 62)
		}
		return ratio(t, s, newTrace(7, objects), requests)
	}
	plain, rewriting, both := run(false, false), run(false, true), run(true, true)
	t.Logf("hit ratio: fastcache alone %.3f, with rewriting %.3f, with admission %.3f", plain, rewriting, both)
	if rewriting < plain+0.01 || both < rewriting+0.04 {
		t.Errorf("no gain: %.3f, %.3f, %.3f", plain, rewriting, both)
	}
}

// TestMemoryStaysWithinItsBounds fills a store several times over and looks at
// the heap and, where it can be read, at the resident memory.
func TestMemoryStaysWithinItsBounds(t *testing.T) {
	before := resident()
	var heap0, heap1 runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&heap0)
	s := newStore(t, Options{Bytes: 2 * Step})
	body := bodyOf(1, 2000)
	for i := range 40_000 {
		s.Put(keyOf(s, "a.example", "/"+strconv.Itoa(i)), fillOf(s, ""), body)
	}
	runtime.GC()
	runtime.ReadMemStats(&heap1)
	st := s.Stats()
	if st.UsedBytes > st.ConfiguredBytes || st.ConfiguredBytes != 2*Step {
		t.Errorf("used %d of %d", st.UsedBytes, st.ConfiguredBytes)
	}
	if grown := int64(heap1.HeapAlloc) - int64(heap0.HeapAlloc); runtime.GOOS != "windows" && grown > st.OverheadBytes*2 {
		t.Errorf("the heap grew by %d bytes, overhead is said to be %d", grown, st.OverheadBytes)
	}
	if after := resident(); before > 0 {
		t.Logf("resident: %d MiB more for %d MiB configured, overhead %d KiB, evicted about %d records",
			(after-before)>>20, st.ConfiguredBytes>>20, st.OverheadBytes>>10, st.EvictedTotal)
		if slack := int64(64 << 20); after-before > st.ConfiguredBytes+st.OverheadBytes+slack {
			t.Errorf("resident memory grew by %d bytes", after-before)
		}
	}
	runtime.KeepAlive(s)
}

// resident returns the process's resident bytes; 0 where that is not known.
func resident() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(text)
	pages, _ := strconv.ParseInt(string(fields[1]), 10, 64)
	return pages * int64(os.Getpagesize())
}

// TestPacking fills a store with bodies of log-uniform sizes and compares what
// can still be read with the size of the store.
func TestPacking(t *testing.T) {
	steps, least := 1, 0.65
	if os.Getenv(bigRun) != "" {
		steps, least = 8, 0.85
	}
	s := newStore(t, Options{Bytes: int64(steps) * Step})
	random := rand.New(rand.NewPCG(3, 3))
	for _, most := range []float64{4 << 10, 40 << 10, 1 << 20} {
		type put struct {
			key  Key
			size int
		}
		var all []put
		for written := 0; written < 3*steps*Step; {
			size := int(math.Exp(random.Float64()*math.Log(most/512)) * 512)
			p := put{keyOf(s, "a.example", "/"+strconv.Itoa(int(most))+"/"+strconv.Itoa(len(all))), size}
			s.Put(p.key, fillOf(s, ""), make([]byte, size))
			all, written = append(all, p), written+size
		}
		var alive int
		e, b := AcquireEntry(), AcquireBody()
		for _, p := range all {
			if s.peek(e, p.key) == Hit && b.Open(s, e, p.key, 0, e.BodySize) == nil {
				alive += p.size
			}
		}
		share := float64(alive) / float64(s.capacity)
		t.Logf("bodies up to %.0f KiB: %.0f%% of %d MiB is whole bodies", most/1024, 100*share, s.capacity>>20)
		if share < least {
			t.Errorf("bodies up to %.0f bytes: %.2f of the store is of use, want %.2f", most, share, least)
		}
	}
}
