package ratelimit

import (
	"sync"
	"testing"
	"time"
)

const ms = int64(time.Millisecond)

// ends counts the ends of n attempts that took so long, one each millisecond, and returns the
// time after them. A window lasts 200 of them.
func ends(l *Limiter, now int64, n int, took time.Duration) int64 {
	for range n {
		now += ms
		l.TryBegin(Critical)
		l.End(now-int64(took), now, true)
	}
	return now
}

func TestLimiterModes(t *testing.T) {
	for _, tc := range []struct {
		mode Mode
		want int
	}{
		{Auto, 8}, {Fixed, 8}, {Watch, 100}, {Off, 100},
	} {
		l := NewLimiter(LimiterOptions{Mode: tc.mode, Max: 8})
		got := 0
		for range 100 {
			if l.TryBegin(High) {
				got++
			}
		}
		if got != tc.want {
			t.Errorf("mode %d: got %d attempts, want %d", tc.mode, got, tc.want)
		}
		l.End(noon, noon+ms, true)
		if !l.TryBegin(High) {
			t.Errorf("mode %d: no attempt begins after another has ended", tc.mode)
		}
	}
}

func TestPriorityShares(t *testing.T) {
	for _, tc := range []struct {
		limit float64
		want  [priorities]int32
	}{
		{100, [priorities]int32{100, 100, 95, 80}},
		{20, [priorities]int32{20, 20, 19, 16}},
		{8, [priorities]int32{8, 8, 8, 6}},
		{4.9, [priorities]int32{4, 4, 4, 4}},
		{1, [priorities]int32{1, 1, 1, 1}},
		{0.3, [priorities]int32{1, 1, 1, 1}},
	} {
		for p := range tc.want {
			if got := Priority(p).of(tc.limit); got != tc.want[p] {
				t.Errorf("%v of %v: got %d, want %d", Priority(p), tc.limit, got, tc.want[p])
			}
		}
	}
	for i, row := range priorityRows {
		if int(row.is) != i {
			t.Errorf("row %d is of %v", i, row.is)
		}
	}
}

func TestLimiterLowersTheLimitWhenTheMedianRises(t *testing.T) {
	l := NewLimiter(LimiterOptions{Max: 100})
	now := ends(l, noon, 300, 10*time.Millisecond)
	if b := l.Base(); b < 9*time.Millisecond || b > 11*time.Millisecond {
		t.Fatalf("got a base of %v, want 10 ms", b)
	}
	if l.Limit() != 100 {
		t.Fatalf("got a limit of %v before the median rose, want 100", l.Limit())
	}
	ends(l, now, 400, 20*time.Millisecond)
	if got := l.Limit(); got < 50 || got > 80 {
		t.Errorf("got a limit of %v after a window at 2 bases, want 75 (1.5 / 2) or less", got)
	}
}

func TestLimiterGrowsOnlyWhenUsed(t *testing.T) {
	l := NewLimiter(LimiterOptions{Max: 100})
	now := ends(l, noon, 300, 10*time.Millisecond)
	now = ends(l, now, 1000, 60*time.Millisecond) // to 0.7 of it again and again
	now = ends(l, now, 200, 10*time.Millisecond)
	low := l.Limit()
	if low > 40 {
		t.Fatalf("got a limit of %v, want a low one", low)
	}
	now = ends(l, now, 600, 10*time.Millisecond)
	if got := l.Limit(); got != low {
		t.Errorf("unused: got a limit of %v, want %v", got, low)
	}
	for l.TryBegin(Critical) { // until it is used up
	}
	now += ms
	l.End(now-10*ms, now, true)
	ends(l, now, 1000, 10*time.Millisecond)
	if got := l.Limit(); got <= low+2 {
		t.Errorf("used: got a limit of %v, want more than %v", got, low)
	}
}

func TestLimiterLeavesSamplesOut(t *testing.T) {
	l := NewLimiter(LimiterOptions{})
	now := noon
	for range 1000 {
		now += ms
		l.TryBegin(Normal)
		l.End(now-ms, now, false)
		l.TryBegin(Normal)
		l.End(now-11*second, now, true)
	}
	if l.Base() != 0 || l.Median() != 0 {
		t.Errorf("got base %v and median %v of attempts that are no samples", l.Base(), l.Median())
	}
	if l.InFlight() != 0 {
		t.Errorf("got %d in flight, want 0", l.InFlight())
	}
}

// TestLimiterMeasuresTheBase lets the limit be used with medians of 40 ms over a base of 10 ms
// until the limiter measures: then it lowers the limit, leaves out what began before, takes
// the median of the rest, and goes back.
func TestLimiterMeasuresTheBase(t *testing.T) {
	l := NewLimiter(LimiterOptions{Max: 100})
	now := ends(l, noon, 2000, 10*time.Millisecond)
	before := l.Limit()
	for end := now + 40*second; now < end && !l.measures; now += ms {
		before = l.Limit()
		for l.TryBegin(Critical) { // uses it up
		}
		l.End(now-40*ms, now, true)
	}
	if !l.measures || l.Limit() >= before {
		t.Fatalf("within 40 s: measures the base is %v, with a limit of %v after %v", l.measures, l.Limit(), before)
	}
	for l.InFlight() > 0 {
		l.End(now-40*ms, now, false)
	}
	now = ends(l, now, 25, 30*time.Millisecond) // began before the limit was lowered
	if l.samples.Load() != 0 {
		t.Fatal("attempts that began before the limit was lowered are samples")
	}
	ends(l, now+100*ms, 210, 30*time.Millisecond)
	if b := l.Base(); l.measures || b < 28*time.Millisecond || b > 32*time.Millisecond {
		t.Errorf("got a base of %v, want 30 ms", b)
	}
}

func TestLimiterUnderConcurrency(t *testing.T) {
	l := NewLimiter(LimiterOptions{Max: 6, Min: 4})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			now := noon
			for range 20_000 {
				now += ms
				if l.TryBegin(High) {
					if n := l.InFlight(); n > 8 { // the limit, and those that have just ended here
						t.Errorf("got %d in flight, want at most 6", n)
					}
					l.End(now-5*ms, now, true)
				}
			}
		})
	}
	wg.Wait()
	if l.InFlight() != 0 {
		t.Errorf("got %d in flight after all ended, want 0", l.InFlight())
	}
}

func BenchmarkLimiter(b *testing.B) {
	l := NewLimiter(LimiterOptions{})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for now := noon; pb.Next(); now += 1000 {
			if l.TryBegin(Normal) {
				l.End(now-5*ms, now, true)
			}
		}
	})
}
