package lb

import (
	"math"
	"sync"
	"testing"
)

func TestSequenceEveryPeriodIsExact(t *testing.T) {
	for _, weights := range [][]int{{5, 3, 1}, {1}, {1, 1, 1}, {0, 7, 0, 2}, {100, 50, 150}, {1000, 1}, {3, -4, 2}} {
		s := NewSequence(weights, 0)
		for range 20 { // periods, from wherever it starts
			count := make([]int, len(weights))
			for range len(s.items) {
				count[s.Next()]++
			}
			for i, w := range weights {
				if want := max(w, 0) * len(s.items) / int(s.total); count[i] != want {
					t.Fatalf("weights %v: item %d got %d turns in a period of %d, want %d", weights, i, count[i], len(s.items), want)
				}
			}
		}
	}
}

func TestSequenceIsInterleaved(t *testing.T) {
	s := NewSequence([]int{5, 1, 1}, 0)
	run, longest := 0, 0
	for range 70 {
		if s.Next() == 0 {
			run++
			longest = max(longest, run)
		} else {
			run = 0
		}
	}
	if longest > 4 {
		t.Errorf("weights 5:1:1: got %d turns of the heavy item in a row, want at most 4", longest)
	}
}

func TestSequenceAboveTheLimitKeepsShares(t *testing.T) {
	weights := []int{997, 499, 251, 13, 1}
	s := NewSequence(weights, 100)
	if s.items != nil {
		t.Fatal("got a whole period, want none above the limit")
	}
	const steps = 176100 // 100 for each unit of weight
	count := make([]int, len(weights))
	gap, widest := 0, 0
	for range steps {
		i := s.Next()
		count[i]++
		if gap++; i == 0 {
			widest, gap = max(widest, gap), 0
		}
	}
	for i, w := range weights {
		fair := float64(w) * steps / 1761
		if math.Abs(float64(count[i])-fair) > math.Max(0.001*fair, 3) {
			t.Errorf("item %d of weight %d: got %d turns, want %.0f", i, w, count[i], fair)
		}
	}
	if widest > 4 {
		t.Errorf("the heaviest item waited %d steps for its turn, want at most 4", widest)
	}
}

func TestSequenceWithoutWeights(t *testing.T) {
	for _, weights := range [][]int{nil, {0}, {0, -1}} {
		if got := NewSequence(weights, 0).Next(); got != -1 {
			t.Errorf("weights %v: got item %d, want -1", weights, got)
		}
	}
}

func TestSequenceIsExactUnderConcurrency(t *testing.T) {
	s := NewSequence([]int{5, 3, 1}, 0)
	var mu sync.Mutex
	var wg sync.WaitGroup
	total := make([]int, 3)
	for range 8 {
		wg.Go(func() {
			var mine [3]int
			for range 9000 {
				mine[s.Next()]++
			}
			mu.Lock()
			defer mu.Unlock()
			for i, n := range mine {
				total[i] += n
			}
		})
	}
	wg.Wait()
	for i, want := range []int{40000, 24000, 8000} {
		if total[i] != want {
			t.Errorf("item %d: got %d turns, want %d", i, total[i], want)
		}
	}
}

func TestSequencesStartAtDifferentPlaces(t *testing.T) {
	first := map[int]bool{}
	for range 200 {
		first[NewSequence([]int{5, 3, 1}, 0).Next()] = true
	}
	if len(first) != 3 {
		t.Errorf("200 fresh sequences began with the items %v, want all three", first)
	}
}
