package driver

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestBucketsTouchAndKeepTheirPrecision(t *testing.T) {
	for i := range buckets - 1 {
		top := ceiling(i)
		if bucketOf(top) != i || bucketOf(top+1) != i+1 {
			t.Fatalf("bucket %d ends at %d, which is in bucket %d, and the next in %d", i, top, bucketOf(top), bucketOf(top+1))
		}
	}
	for d := time.Duration(1); d < 10*time.Minute; d = d*5/4 + 1 {
		if top := ceiling(bucketOf(d)); top < d || float64(top-d) > 0.008*float64(d) {
			t.Errorf("%d is told as %d", d, top)
		}
	}
	if got := bucketOf(time.Hour); got != buckets-1 {
		t.Errorf("an hour is in bucket %d, want the last, %d", got, buckets-1)
	}
}

func TestQuantilesAreThoseOfTheSortedList(t *testing.T) {
	var h Histogram
	r := rand.New(rand.NewPCG(1, 2))
	all := make([]time.Duration, 9999)
	for i := range all {
		all[i] = time.Duration(r.ExpFloat64() * 1e6)
		h.Record(all[i])
	}
	slices.Sort(all)
	for _, q := range []float64{0, 0.25, 0.5, 0.99, 0.999, 1} {
		want := all[min(int(q*float64(len(all))), len(all)-1)]
		if got := h.Quantile(q); got < want || float64(got-want) > 0.008*float64(want) {
			t.Errorf("quantile %v: got %d, want %d", q, got, want)
		}
	}
	if h.Max() != all[len(all)-1] || h.Count() != int64(len(all)) {
		t.Errorf("got max %d of %d, want %d of %d", h.Max(), h.Count(), all[len(all)-1], len(all))
	}
}

func TestAnEmptyHistogramIsZero(t *testing.T) {
	var h Histogram
	if h.Quantile(0.5) != 0 || h.Mean() != 0 || h.Max() != 0 {
		t.Errorf("got %v, want zeros", &h)
	}
	h.Record(-time.Second)
	if h.Quantile(1) != 0 || h.Count() != 1 {
		t.Errorf("a negative duration: got %v, want one zero", &h)
	}
}
