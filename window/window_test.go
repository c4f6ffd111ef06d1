package window

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"
)

const (
	second = int64(time.Second)
	noon   = 1_700_000_000 * second
)

func TestBucketsCoverAllDurations(t *testing.T) {
	if got := lowest(0); got != 0 {
		t.Errorf("the first bucket begins at %v, want 0", got)
	}
	if got, want := lowest(Buckets), time.Duration(1<<topBits)*time.Microsecond; got != want {
		t.Errorf("the last bucket ends at %v, want %v", got, want)
	}
	for i := range Buckets {
		lo, hi := lowest(i), lowest(i+1)
		if got := indexOf(lo); got != i {
			t.Errorf("%v: got bucket %d, want %d", lo, got, i)
		}
		if got := indexOf(hi - 1); got != i {
			t.Errorf("%v: got bucket %d, want %d", hi-1, got, i)
		}
		if lo >= 64*time.Microsecond && float64(hi-lo) > 0.125*float64(lo) {
			t.Errorf("bucket %d from %v to %v is wider than 12.5 %%", i, lo, hi)
		}
	}
	for d, want := range map[time.Duration]int{-1: 0, math.MinInt64: 0, 68 * time.Second: Buckets - 1, math.MaxInt64: Buckets - 1} {
		if got := indexOf(d); got != want {
			t.Errorf("%v: got bucket %d, want %d", d, got, want)
		}
	}
}

func TestQuantilesAreWithinABucket(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var h Histogram
	var all []time.Duration
	for range 10_000 {
		d := time.Duration(math.Exp(random.NormFloat64()) * float64(20*time.Millisecond))
		all = append(all, d)
		h.Add(d)
	}
	slices.Sort(all)
	var c Counts
	new(Reader).Read(&h, &c)
	for _, q := range []float64{0.01, 0.1, 0.5, 0.9, 0.95, 0.99, 0.999} {
		want := all[int(q*float64(len(all)))]
		if got := c.Quantile(q); math.Abs(float64(got-want)) > 0.125*float64(want) {
			t.Errorf("quantile %v: got %v, want %v within 12.5 %%", q, got, want)
		}
	}
	if c.Quantile(0) > all[0] || c.Quantile(1) < all[len(all)-1] || c.Quantile(2) != c.Quantile(1) {
		t.Errorf("got %v to %v, want at least %v to %v", c.Quantile(0), c.Quantile(1), all[0], all[len(all)-1])
	}
	var sum time.Duration
	for _, d := range all {
		sum += d
	}
	if want := sum / time.Duration(len(all)); math.Abs(float64(c.Mean()-want)) > 0.02*float64(want) {
		t.Errorf("mean: got %v, want %v within 2 %%", c.Mean(), want)
	}
}

func TestNothingCounted(t *testing.T) {
	var c Counts
	c.Merge(&Counts{})
	if c.Total() != 0 || c.Median() != 0 || c.Mean() != 0 {
		t.Errorf("got %d, median %v, mean %v, want zeros", c.Total(), c.Median(), c.Mean())
	}
}

func TestReadersAreIndependent(t *testing.T) {
	var h Histogram
	var a, b Reader
	h.Add(time.Millisecond)
	var first Counts
	a.Read(&h, &first)
	h.Add(time.Second)
	var second, both Counts
	a.Read(&h, &second)
	b.Read(&h, &both)
	if first.Total() != 1 || second.Total() != 1 || both.Total() != 2 {
		t.Errorf("got %d, %d and %d, want 1, 1 and 2", first.Total(), second.Total(), both.Total())
	}
	if m := second.Median(); m < 900*time.Millisecond || m > 1100*time.Millisecond {
		t.Errorf("the second reading has a median of %v, want 1 s", m)
	}
	first.Merge(&second)
	if first != both {
		t.Error("the two readings together differ from one reading of everything")
	}
}

// TestWindowSlides records one duration a second and looks at windows of ten slots.
func TestWindowSlides(t *testing.T) {
	var h Histogram
	w := New(10, time.Second)
	total := func(slots int) uint64 {
		var c Counts
		w.Sum(&c, slots)
		return c.Total()
	}
	for i := range int64(25) {
		h.Add(time.Duration(i+1) * time.Millisecond)
		w.Advance(&h, noon+i*second)
		if got, want := total(10), uint64(min(i+1, 10)); got != want {
			t.Errorf("second %d: got %d, want %d", i, got, want)
		}
		if got, want := total(3), uint64(min(i+1, 3)); got != want {
			t.Errorf("second %d, three slots: got %d, want %d", i, got, want)
		}
	}
	var c Counts
	w.Sum(&c, 10)
	if m := c.Median(); m < 18*time.Millisecond || m > 23*time.Millisecond { // 16 to 25
		t.Errorf("got a median of %v, want 20 ms", m)
	}
	w.Advance(&h, noon+30*second)
	if got := total(100); got != 4 {
		t.Errorf("five slots later: got %d, want 4", got)
	}
	w.Advance(&h, noon+1000*second)
	if got := total(10); got != 0 {
		t.Errorf("long after: got %d, want none", got)
	}
	w.Advance(&h, noon) // a clock that was set back
	h.Add(time.Millisecond)
	w.Advance(&h, noon+1001*second)
	if got := total(1); got != 1 {
		t.Errorf("after the clock was set back: got %d, want 1", got)
	}
}

func TestHistogramUnderConcurrency(t *testing.T) {
	var h Histogram
	var r Reader
	var c Counts
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 10_000 {
				h.Add(time.Duration(i) * time.Microsecond)
			}
		})
	}
	for range 100 {
		r.Read(&h, &c)
	}
	wg.Wait()
	r.Read(&h, &c)
	if c.Total() != 40_000 {
		t.Errorf("got %d, want 40000", c.Total())
	}
}

func BenchmarkAdd(b *testing.B) {
	var h Histogram
	b.ReportAllocs()
	for d := time.Duration(0); b.Loop(); d += 777 {
		h.Add(d)
	}
}

func BenchmarkAddParallel(b *testing.B) {
	var h Histogram
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for d := time.Duration(0); pb.Next(); d += 777_777 {
			h.Add(d)
		}
	})
}

func BenchmarkReadAndMedian(b *testing.B) {
	var h Histogram
	var r Reader
	b.ReportAllocs()
	for b.Loop() {
		for d := range time.Duration(50) {
			h.Add(d * time.Millisecond)
		}
		var c Counts
		r.Read(&h, &c)
		if c.Median() == 0 {
			b.Fatal("no median")
		}
	}
}
