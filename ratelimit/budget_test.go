package ratelimit

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	second = int64(time.Second)
	noon   = 1_700_000_000 * second
)

// grant requests n retries at this time and returns how many the budget allowed.
func grant(b *Budget, n int, now int64) int {
	granted := 0
	for range n {
		if b.TryRetry(now) {
			granted++
		}
	}
	return granted
}

func requests(b *Budget, n int, now int64) {
	for range n {
		b.Request(now)
	}
}

func TestBudgetIsAShareOfRequestsPlusAFloor(t *testing.T) {
	for _, tc := range []struct {
		ratio, floor   float64
		requests, want int
	}{
		{0.1, 0, 0, 0},
		{0.1, 0, 9, 0},
		{0.1, 0, 10, 1},
		{0.1, 0, 1000, 100},
		{0.1, 10, 0, 100},
		{0.1, 10, 1000, 200},
		{1, 0, 7, 7},
		{0, 0.1, 50, 1},
		{0, 0, 1000, 0},
		{-1, -1, 1000, 0},
	} {
		t.Run(fmt.Sprintf("%v of %d and %v per second", tc.ratio, tc.requests, tc.floor), func(t *testing.T) {
			b := NewBudget(tc.ratio, tc.floor)
			requests(b, tc.requests, noon)
			if got := grant(b, 2000, noon); got != tc.want {
				t.Errorf("got %d retries, want %d", got, tc.want)
			}
		})
	}
}

func TestBudgetForgetsAfterTenSeconds(t *testing.T) {
	b := NewBudget(0.1, 0)
	requests(b, 100, noon)
	if got := grant(b, 100, noon+9*second); got != 10 {
		t.Errorf("after 9 s: got %d retries, want 10", got)
	}
	if got := grant(b, 100, noon+10*second); got != 0 {
		t.Errorf("after 10 s: got %d retries, want 0", got)
	}
	requests(b, 100, noon+12*second)
	if got := grant(b, 100, noon+12*second); got != 0 {
		t.Errorf("with the old retries still in the window: got %d, want 0", got)
	}
	if got := grant(b, 100, noon+19*second); got != 10 {
		t.Errorf("after the old retries have gone: got %d, want 10", got)
	}
	if r, n := b.Recent(noon + 19*second); r != 100 || n != 10 {
		t.Errorf("got %d requests and %d retries in the window, want 100 and 10", r, n)
	}
	if r, n := b.Recent(noon + 1000*second); r != 0 || n != 0 {
		t.Errorf("long after: got %d requests and %d retries, want none", r, n)
	}
}

// TestNoRetryStorm fails every attempt for a minute: in any ten seconds the retries stay
// below their share.
func TestNoRetryStorm(t *testing.T) {
	b := NewBudget(0.1, 10)
	const rate = 500 // per second
	granted := make([]int, 60)
	for s := range granted {
		for i := range rate {
			now := noon + int64(s)*second + int64(i)*second/rate
			b.Request(now)
			granted[s] += grant(b, 3, now)
		}
	}
	for s := 0; s+windowSeconds <= len(granted); s++ {
		sum := 0
		for _, n := range granted[s : s+windowSeconds] {
			sum += n
		}
		if limit := (rate/10 + 10) * windowSeconds; sum > limit {
			t.Errorf("seconds %d to %d: got %d retries, want at most %d", s, s+windowSeconds, sum, limit)
		}
	}
	if granted[59] == 0 && granted[58] == 0 && granted[57] == 0 {
		t.Error("the budget never comes back")
	}
}

func TestBudgetUnderConcurrency(t *testing.T) {
	b := NewBudget(0.1, 0)
	var granted atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 5000 {
				now := noon + int64(i)*second/1000
				b.Request(now)
				if b.TryRetry(now) {
					granted.Add(1)
				}
			}
		})
	}
	wg.Wait()
	requests, retries := b.Recent(noon + 5*second)
	if requests != 40_000 || retries != granted.Load() {
		t.Errorf("got %d requests and %d retries counted, want 40000 and %d", requests, retries, granted.Load())
	}
	if retries > 4000 || retries < 3000 {
		t.Errorf("got %d retries of 40000 requests, want just under 10 %%", retries)
	}
}

func BenchmarkBudgetRequest(b *testing.B) {
	budget := NewBudget(0.1, 10)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for now := noon; pb.Next(); now += 1000 {
			budget.Request(now)
		}
	})
}

func BenchmarkBudgetTryRetry(b *testing.B) {
	budget := NewBudget(0.1, 10)
	b.ReportAllocs()
	for now := noon; b.Loop(); now += 1000 {
		budget.Request(now)
		budget.TryRetry(now)
	}
}
