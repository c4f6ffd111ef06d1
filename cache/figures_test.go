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
		share := float64(alive) / float64(s.ring.capacity)
		t.Logf("bodies up to %.0f KiB: %.0f%% of %d MiB is whole bodies", most/1024, 100*share, s.ring.capacity>>20)
		if share < least {
			t.Errorf("bodies up to %.0f bytes: %.2f of the store is of use, want %.2f", most, share, least)
		}
	}
}
