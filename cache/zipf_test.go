//go:build !race

package cache

import (
	"container/list"
	"context"
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
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

// objectSize is the body of an object in bytes, always the same.
func objectSize(object uint64) int { return 512 + int(object*2654435761%3500) }

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
			s.Put(k, fillOf(s, ""), body[:objectSize(object)])
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
// without admission, and without rewriting either, which is fastcache alone. The
// long run has a million objects in a store of a tenth of their bytes, and says
// what a least-recently-used list and the best choice in hindsight would reach.
func TestAdmissionPays(t *testing.T) {
	objects, requests, size := uint64(100_000), 120_000, int64(Step)
	if os.Getenv(bigRun) != "" {
		objects, requests, size = 1_000_000, 6_000_000, 8*Step
		t.Logf("hit ratio of a least-recently-used list: %.3f", leastRecentlyUsed(newTrace(7, objects), requests, size))
		t.Logf("hit ratio of the most wanted objects, known beforehand: %.3f", mostWanted(objects, size))
	}
	run := func(name string, admission, rewrite bool) float64 {
		s := newStore(t, Options{Bytes: size, Admission: admission, Random: seeded(9)})
		if !rewrite {
			s.rewrite.tokens.Store(-1 << 62)
		}
		r, st := ratio(t, s, newTrace(7, objects), requests), s.Stats()
		t.Logf("hit ratio of %s: %.3f (%d stored, %d not admitted, %d rewritten)",
			name, r, st.Refusals[Stored], st.Refusals[NotAdmitted], st.Rewrites)
		return r
	}
	plain := run("fastcache alone", false, false)
	rewriting := run("rewriting", false, true)
	both := run("rewriting and admission", true, true)
	if rewriting < plain+0.01 || both < rewriting+0.04 {
		t.Errorf("no gain: %.3f, %.3f, %.3f", plain, rewriting, both)
	}
}

// objectBytes is what an object takes of a store.
func objectBytes(object uint64) int { return objectSize(object) + headSize + 70 }

// leastRecentlyUsed runs the trace over an ideal list of nine tenths of so many
// bytes, which is what a store has for whole entries.
func leastRecentlyUsed(tr *trace, requests int, size int64) float64 {
	order, where, used := list.New(), map[uint64]*list.Element{}, 0
	var hits, asked float64
	for i := range requests {
		object, scan := tr.next()
		at, found := where[object]
		if found {
			order.MoveToFront(at)
		} else {
			where[object] = order.PushFront(object)
			used += objectBytes(object)
		}
		for used > int(size)/10*9 {
			last := order.Remove(order.Back()).(uint64)
			used -= objectBytes(last)
			delete(where, last)
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

// mostWanted is the share of requests for the objects with the lowest numbers
// that fit: no choice does better in the long run.
func mostWanted(objects uint64, size int64) float64 {
	var total, sum float64
	used := 0
	for i := range objects {
		p := math.Pow(float64(10+i), -1.01)
		total += p
		if used += objectBytes(i); used <= int(size)/10*9 {
			sum += p
		}
	}
	return sum / total
}

// latencies counts durations by their power of two in nanoseconds.
type latencies struct {
	counts  [64]int64
	n       int64
	sum     time.Duration
	longest time.Duration
	long    int64 // above pauseLimit
}

const pauseLimit = 5 * time.Millisecond

func (l *latencies) add(d time.Duration) {
	l.counts[bits.Len64(uint64(d))]++
	l.n, l.sum, l.longest = l.n+1, l.sum+d, max(l.longest, d)
	if d > pauseLimit {
		l.long++
	}
}

// String names the powers of two below which so many of the durations are.
func (l *latencies) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d in %v", l.n, l.sum.Round(time.Millisecond))
	for _, share := range []float64{0.5, 0.99, 0.9999} {
		var sum int64
		for i, n := range l.counts {
			if sum += n; float64(sum) >= share*float64(l.n) {
				fmt.Fprintf(&b, ", %v%% below %v", share*100, time.Duration(1)<<i)
				break
			}
		}
	}
	fmt.Fprintf(&b, ", longest %v, %d above %v", l.longest, l.long, pauseLimit)
	return b.String()
}

// TestPausesAndMemory runs the trace of a million objects while the store is
// saved over and over. It times each lookup and each fill, and beside them a
// stretch of work that touches no store: what holds up that one, the scheduler or
// the machine, holds up the others just as often for the time that they take.
// For acceptance: it runs with bigRun only.
func TestPausesAndMemory(t *testing.T) {
	if os.Getenv(bigRun) == "" {
		t.Skip("set " + bigRun)
	}
	before := resident()
	s := newStore(t, Options{Bytes: 8 * Step, Admission: true})
	ratio(t, s, newTrace(7, 1_000_000), 1_000_000) // fills it
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	var saves []time.Duration
	wg.Go(func() {
		for ctx.Err() == nil {
			began := time.Now()
			if err := s.Save(t.Context(), filepath.Join(t.TempDir(), "cache")); err != nil {
				t.Error(err)
			}
			saves = append(saves, time.Since(began).Round(time.Millisecond))
		}
	})
	var get, put, control latencies
	most := timed(s, newTrace(8, 1_000_000), 2_000_000, [3]*latencies{&get, &put, &control})
	stop()
	wg.Wait()
	st := s.Stats()
	t.Logf("lookups: %v", &get)
	t.Logf("fills: %v", &put)
	t.Logf("without a store: %v", &control)
	t.Logf("%d saves of %d MiB: %v", len(saves), st.UsedBytes>>20, saves)
	t.Logf("resident: at most %d MiB more than before; configured %d MiB, overhead %d MiB, %d records",
		(most-before)>>20, st.ConfiguredBytes>>20, st.OverheadBytes>>20, st.Records)
	if slack := int64(64 << 20); before > 0 && most-before > st.ConfiguredBytes+st.OverheadBytes+slack {
		t.Errorf("resident memory grew by %d bytes", most-before)
	}
	// A lock that is held too long would show in one of a hundred thousand.
	if control.long == 0 && (get.long > get.n/100_000 || put.long > put.n/100_000) {
		t.Errorf("too many pauses above %v: %d lookups, %d fills", pauseLimit, get.long, put.long)
	}
}

// timed runs a trace and returns the highest resident memory. The durations go to
// lookups, fills and control.
func timed(s *Store, tr *trace, requests int, to [3]*latencies) (most int64) {
	e, body, buf := AcquireEntry(), bodyOf(1, 4<<10), make([]byte, 0, 128)
	defer ReleaseEntry(e)
	for i := range requests {
		object, _ := tr.next()
		b := s.NewKey(buf)
		b.URL(&URL{Host: []byte("a.example"), Path: strconv.AppendUint([]byte{'/'}, object, 10)})
		k, f := b.Key(), fillOf(s, "")
		start := time.Now()
		found := s.Get(e, k) == Hit
		end := time.Now()
		to[0].add(end.Sub(start))
		if !found {
			s.Put(k, f, body[:objectSize(object)])
			start = time.Now()
			to[1].add(start.Sub(end))
			end = start
		}
		s.ring.secret.sum(1, body)
		to[2].add(time.Since(end))
		if i%10_000 == 0 {
			most = max(most, resident())
		}
	}
	return most
}
