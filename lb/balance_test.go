package lb

import (
	"testing"
	"time"
)

func TestRoundRobinIsExactOverAnyNineThousandPicks(t *testing.T) {
	g, _ := backends(3, EjectOptions{})
	p := NewPool(g, []int{5, 3, 1}, nil, Options{})
	for range 5 {
		wantShares(t, shares(p, 9000, nil), []int{5, 3, 1}, 0)
		shares(p, 7, nil) // the next window starts elsewhere
	}
}

func TestRoundRobinKeepsProportionsOfTheRest(t *testing.T) {
	for _, tc := range []struct {
		name          string
		weights, rest []int
		out           int
	}{
		{"3 of 5:3:1 leaves 5:1", []int{5, 3, 1}, []int{5, 0, 1}, 1},
		{"5 of 5:3:1 leaves 3:1", []int{5, 3, 1}, []int{0, 3, 1}, 0},
		{"1 of 5:3:1 leaves 5:3", []int{5, 3, 1}, []int{5, 3, 0}, 2},
		{"one of many", []int{1, 2, 3, 4, 5, 6, 7}, []int{1, 2, 3, 4, 5, 6, 0}, 6},
		{"above the limit of a period", []int{997, 499, 251, 1009}, []int{997, 499, 251, 0}, 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g, list := backends(len(tc.weights), EjectOptions{Failures: 1})
			p := NewPool(g, tc.weights, nil, Options{Seed: 3})
			var tried Set
			tried.Add(list[tc.out])
			wantShares(t, shares(p, 18_000, &tried), tc.rest, 0.01)
			eject(list[tc.out])
			wantShares(t, shares(p, 18_000, nil), tc.rest, 0.01)
		})
	}
}

func TestRoundRobinOverAThousand(t *testing.T) {
	weights := make([]int, 1000)
	for i := range weights {
		weights[i] = 1 + i%1000
	}
	g, _ := backends(1000, EjectOptions{})
	for i, got := range shares(NewPool(g, weights, nil, Options{Seed: 1}), 1_001_000, nil) {
		if fair := 2 * weights[i]; got < fair*99/100-4 || got > fair*101/100+4 {
			t.Errorf("backend of weight %d: got %d of 1001000 picks, want about %d", weights[i], got, fair)
		}
	}
	wantShares(t, shares(NewPool(g, nil, nil, Options{}), 5000, nil), onesOf(1000), 0)
}

func onesOf(n int) []int {
	ones := make([]int, n)
	for i := range ones {
		ones[i] = 1
	}
	return ones
}

func TestRandomFollowsWeights(t *testing.T) {
	g, list := backends(3, EjectOptions{})
	p := NewPool(g, []int{5, 3, 1}, nil, Options{Method: Random, Seed: 11})
	wantShares(t, shares(p, 50_000, nil), []int{5, 3, 1}, 0.03)
	var tried Set
	tried.Add(list[0])
	wantShares(t, shares(p, 50_000, &tried), []int{0, 3, 1}, 0.03)
}

func TestBusyMethodsFollowWeightsWhenIdle(t *testing.T) {
	for _, n := range []int{3, 30} {
		weights := make([]int, n)
		for i := range weights {
			weights[i] = []int{5, 3, 1}[i%3]
		}
		g, _ := backends(n, EjectOptions{})
		p := NewPool(g, weights, nil, Options{Method: LeastConn, Seed: 5})
		wantShares(t, shares(p, 60_000, nil), weights, 0.15)
		p = NewPool(g, weights, nil, Options{Method: P2C, Seed: 5})
		wantShares(t, shares(p, 60_000, nil), weights, 0.15)
	}
}

func TestBusyMethodsFollowServiceTimes(t *testing.T) {
	for _, m := range []Method{LeastConn, P2C, Latency} {
		for _, n := range []int{3, 30} {
			g, _ := backends(n, EjectOptions{})
			service := make([]time.Duration, n)
			for i := range service {
				service[i] = []time.Duration{2 * time.Millisecond, 4 * time.Millisecond, 20 * time.Millisecond}[i%3]
			}
			w := &world{pool: NewPool(g, nil, nil, Options{Method: m, Seed: 9}), service: service, clients: 10 * n}
			got := w.run(12_000)
			kind := [3]int{}
			for i, c := range got {
				kind[i%3] += c
			}
			// Speeds 10:5:1; round robin would give a third to each and wait for the slowest.
			if kind[0] < 11*kind[1]/10 || kind[1] < 2*kind[2] || kind[2] == 0 {
				t.Errorf("%v, %d backends: fast, medium and slow ones got %v of 12000", m, n, kind)
			}
			for _, b := range g.Backends() {
				if b.InFlight() != 0 {
					t.Errorf("%v: %s has %d in flight after all have ended", m, b.Address(), b.InFlight())
				}
			}
		}
	}
}

func TestLeastConnFollowsWeightsUnderLoad(t *testing.T) {
	for _, m := range []Method{LeastConn, P2C} {
		g, _ := backends(3, EjectOptions{})
		weights := []int{5, 3, 1}
		w := &world{
			pool: NewPool(g, weights, nil, Options{Method: m, Seed: 2}), parallel: true, clients: 45,
			service: []time.Duration{10 * time.Millisecond, 10 * time.Millisecond, 10 * time.Millisecond},
		}
		wantShares(t, w.run(18_000), weights, 0.1)
	}
}

func TestLeastConnPicksTheEmptiest(t *testing.T) {
	g, list := backends(16, EjectOptions{})
	p := NewPool(g, nil, nil, Options{Method: LeastConn, Seed: 4})
	for i, b := range list {
		for range 1 + (i+5)%16 {
			b.Begin()
		}
	}
	// Index 11 has (11+5)%16 = 0, so one in flight; all others have more.
	for range 100 {
		if b := p.Pick(0, nil, t0.UnixNano()); b.Index() != 11 {
			t.Fatalf("got backend %d with %d in flight, want 11 with 1", b.Index(), b.InFlight())
		}
	}
}

func TestLatencyPrefersTheFastAndProbesTheSlow(t *testing.T) {
	g, _ := backends(3, EjectOptions{})
	last, widest := t0, time.Duration(0)
	w := &world{
		pool: NewPool(g, nil, nil, Options{Method: Latency, Seed: 6}), parallel: true, clients: 4,
		service: []time.Duration{4 * time.Millisecond, 4 * time.Millisecond, 800 * time.Millisecond},
	}
	w.observe = func(b *Backend, at time.Time) {
		if b.Index() == 2 {
			widest, last = max(widest, at.Sub(last)), at
		}
	}
	got := w.run(150_000) // 150 s
	if slow := got[2]; slow > 1500 || slow < 2 {
		t.Errorf("got %d of 150000 picks of the slow backend, want some, and fewer than 1 %%", slow)
	}
	// e^-(t/10s) brings 800 ms below 4 ms after 53 s.
	if widest > time.Minute {
		t.Errorf("the slow backend was left alone for %v, want at most a minute", widest)
	}
}

func TestLatencySendsOneRequestToTheUnknown(t *testing.T) {
	g, list := backends(2, EjectOptions{})
	p := NewPool(g, nil, nil, Options{Method: Latency, Seed: 8})
	list[0].Begin()
	list[0].End(Success, 5*time.Millisecond, t0)
	if b := p.Pick(0, nil, t0.UnixNano()); b != list[1] {
		t.Errorf("got %s, want the backend without a sample", b.Address())
	}
	list[1].Begin()
	for range 50 {
		if b := p.Pick(0, nil, t0.UnixNano()); b != list[0] {
			t.Fatalf("got %s while its first answer is awaited, want the known one", b.Address())
		}
	}
}
