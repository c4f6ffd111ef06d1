package cache

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

func TestTheSketchCountsAndForgets(t *testing.T) {
	s, random := newSketch(Step), seeded(1)
	hot, warm, cold := random(), random(), random()
	for range 20 {
		s.touch(hot)
	}
	s.touch(warm)
	s.touch(warm)
	s.touch(cold)
	if s.estimate(hot) < 10 || !s.admits(warm, 0) || s.admits(cold, 0) || s.admits(random(), 0) {
		t.Errorf("hot %d, warm %d, cold %d", s.estimate(hot), s.estimate(warm), s.estimate(cold))
	}
	for range uint64(len(s.blocks)) / ageStep * s.period * 6 {
		s.touch(random())
	}
	if s.estimate(hot) > 6 {
		t.Errorf("after six ages: got %d", s.estimate(hot))
	}
}

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
	objects, requests, bytesOf := uint64(150_000), 400_000, int64(Step)
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
	if rewriting < plain+0.01 || both < rewriting+0.01 {
		t.Errorf("no gain: %.3f, %.3f, %.3f", plain, rewriting, both)
	}
}
