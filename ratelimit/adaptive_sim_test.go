package ratelimit

import (
	"testing"
	"time"
)

// capacity is what so many workers of the simulated backend serve in a second.
func capacity(workers int) float64 { return float64(workers) * 50 }

// overload returns a simulation of one client that sends times what the workers can serve.
// The first four seconds, in which the limiter learns, are not measured.
func overload(seed uint64, workers int, times float64) *simulation {
	length := 24 * second
	if testing.Short() {
		length = 12 * second
	}
	return &simulation{
		loads:    []load{{rate: times * capacity(workers)}},
		gateways: []*simGateway{newSimGateway(seed)},
		workers:  constant(workers),
		measured: 4 * second, length: length,
	}
}

// TestAdaptiveOverload holds the limiter and the room to what resilience requires: whatever
// the load, what the backend can serve is served in time, and below its capacity nothing is
// refused.
func TestAdaptiveOverload(t *testing.T) {
	const unloaded = 54 * time.Millisecond // p99 without a limiter at 0.7x
	for _, tc := range []struct {
		name    string
		workers int
		times   float64
		good    float64 // least share of what is possible
		refused float64 // largest share of the requests
		p99     time.Duration
		lo, hi  float64 // of the limit
	}{
		{"5x", 8, 5, 0.95, 1, 3 * unloaded, 8, 20},
		{"3x", 8, 3, 0.95, 1, 3 * unloaded, 8, 20},
		{"2x", 8, 2, 0.95, 1, 3 * unloaded, 8, 20},
		{"1.5x", 8, 1.5, 0.95, 1, 250*time.Millisecond + unloaded, 8, 20},
		{"1.1x", 8, 1.1, 0.95, 1, 250*time.Millisecond + unloaded, 8, 25},
		{"0.7x", 8, 0.7, 0.98, 0.001, 3 * unloaded / 2, 8, 512},
		{"100 workers, 2x", 100, 2, 0.95, 1, 3 * unloaded, 110, 180},
		{"100 workers, 0.7x", 100, 0.7, 0.98, 0.001, 3 * unloaded / 2, 100, 512},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := overload(7, tc.workers, tc.times)
			if tc.workers > 8 {
				s.length = 9 * second
			}
			s.run(7)
			o := s.outcome(nil)
			good := s.throughput(o) / (capacity(tc.workers) * min(tc.times, 1))
			refused := float64(o.refused) / float64(o.offered)
			lo, hi := limitsOf(s.gateways[0])
			t.Logf("good %.3f of possible, refused %.4f, p50 %v, p99 %v, limit %.0f to %.0f", good, refused, o.p50, o.p99, lo, hi)
			if good < tc.good || refused > tc.refused || o.p99 > tc.p99 {
				t.Errorf("got good %.3f, refused %.4f, p99 %v, want at least %v, at most %v, at most %v",
					good, refused, o.p99, tc.good, tc.refused, tc.p99)
			}
			if lo < tc.lo || hi > tc.hi {
				t.Errorf("got a limit of %.1f to %.1f, want %v to %v", lo, hi, tc.lo, tc.hi)
			}
		})
	}
}

// TestAdaptiveToleratesSlowRequests lets one request in ten take 13 times as long, below the
// capacity. Several seeds make the share of refused requests, which come in bursts, comparable.
func TestAdaptiveToleratesSlowRequests(t *testing.T) {
	var offered, refused int
	for seed := range uint64(8) {
		s := overload(seed, 8, 0.7)
		s.slow = 0.1
		s.run(seed)
		o := s.outcome(nil)
		offered += o.offered
		refused += o.refused
	}
	share := float64(refused) / float64(offered)
	t.Logf("refused %.5f", share)
	if share > 0.003 {
		t.Errorf("got %.5f refused, want at most 0.003", share)
	}
}

// TestWithoutLimiterOverloadServesNothing shows that the simulation is able to fail.
func TestWithoutLimiterOverloadServesNothing(t *testing.T) {
	s := overload(1, 8, 3)
	s.gateways[0].limiter = nil
	s.run(1)
	if good := s.throughput(s.outcome(nil)) / capacity(8); good > 0.05 {
		t.Errorf("got %.3f of the capacity, want next to nothing", good)
	}
}

// TestAdaptiveFollowsCapacity halves, restores and doubles the workers.
func TestAdaptiveFollowsCapacity(t *testing.T) {
	const phase = 6 * second
	workers := []int{8, 4, 8, 16}
	s := overload(3, 8, 3)
	s.workers = func(now int64) int { return workers[min(now/phase, 3)] }
	s.length = 4 * phase
	s.run(3)
	for i, n := range workers {
		from, to := int64(i)*phase+3*second, int64(i+1)*phase-second
		o := s.outcome(func(r *simRequest) bool { return r.due-noon >= from && r.due-noon < to })
		got := float64(o.good) / (float64(to-from) / 1e9) / capacity(n)
		t.Logf("%d workers: %.3f of their capacity, p99 %v", n, got, o.p99)
		if i > 0 && got < 0.9 {
			t.Errorf("%d workers, 3 s after they became so many: got %.3f of their capacity, want 0.9", n, got)
		}
	}
}

// TestAdaptiveFollowsSlowerBackend makes a backend without a queue three times as slow: the
// limiter must not take that for a queue for longer than until it measures the base again.
func TestAdaptiveFollowsSlowerBackend(t *testing.T) {
	s := overload(5, 300, 1)
	s.loads[0].rate = 1000
	s.stretch = func(now int64) float64 {
		if now < 5*second {
			return 1
		}
		return 3
	}
	s.measured, s.length = 25*second, 30*second
	s.run(5)
	o := s.outcome(nil)
	t.Logf("good %.4f, refused %d, base %v, limit %.0f", o.share(), o.refused, s.gateways[0].limiter.Base(), s.gateways[0].limiter.Limit())
	if o.share() < 0.999 {
		t.Errorf("got %.4f good, want 0.999: the limiter takes the longer service time for a queue", o.share())
	}
}

// TestTwoGatewaysShareABackend lets two gateways, which know nothing of each other, send to
// one backend.
func TestTwoGatewaysShareABackend(t *testing.T) {
	s := overload(11, 8, 3)
	s.loads = []load{{rate: 600}, {rate: 600, gateway: 1}}
	s.gateways = append(s.gateways, newSimGateway(12))
	s.run(11)
	var sum float64
	for i := range s.gateways {
		o := s.outcome(func(r *simRequest) bool { return r.load.gateway == i })
		part := s.throughput(o) / capacity(8)
		sum += part
		lo, hi := limitsOf(s.gateways[i])
		t.Logf("gateway %d: %.3f of the capacity, p99 %v, limit %.0f to %.0f", i, part, o.p99, lo, hi)
		if part < 0.25 {
			t.Errorf("gateway %d got %.3f of the capacity, want its part", i, part)
		}
	}
	if sum < 0.95 {
		t.Errorf("got %.3f of the capacity, want 0.95", sum)
	}
}

// TestQuietClientsAreServed lets one client send far more than its part.
func TestQuietClientsAreServed(t *testing.T) {
	for _, noisy := range []float64{300, 3000} {
		s := overload(9, 8, 1)
		s.loads = []load{{rate: noisy, client: 1}}
		for i := range 9 {
			s.loads = append(s.loads, load{rate: 30, client: uint64(i + 2)})
		}
		s.run(9)
		quiet := s.outcome(func(r *simRequest) bool { return r.load.client != 1 })
		loud := s.outcome(func(r *simRequest) bool { return r.load.client == 1 })
		used := s.throughput(s.outcome(nil)) / capacity(8)
		t.Logf("noisy %.0f/s: quiet %.4f good, p99 %v, noisy %.4f good, capacity used %.3f", noisy, quiet.share(), quiet.p99, loud.share(), used)
		if quiet.share() < 0.99 || used < 0.95 {
			t.Errorf("noisy client with %.0f/s: got %.4f of the quiet ones good and %.3f of the capacity used, want 0.99 and 0.95", noisy, quiet.share(), used)
		}
	}
}

// TestManyClientsUnderOverload lets a thousand clients ask for three times the capacity, with
// and without one that asks for as much alone: fairness must not make them all wait.
func TestManyClientsUnderOverload(t *testing.T) {
	for _, noisy := range []float64{0, 1200} {
		s := overload(17, 8, 1)
		s.loads = nil
		for i := range 1000 {
			s.loads = append(s.loads, load{rate: 1.2, client: uint64(i + 1)})
		}
		if noisy > 0 {
			s.loads = append(s.loads, load{rate: noisy})
		}
		s.run(17)
		o := s.outcome(nil)
		used := s.throughput(o) / capacity(8)
		t.Logf("noisy %.0f/s: capacity used %.3f, p50 %v, p99 %v", noisy, used, o.p50, o.p99)
		if used < 0.95 || o.p99 > 162*time.Millisecond {
			t.Errorf("noisy %.0f/s: got %.3f of the capacity used and a p99 of %v, want 0.95 and 162 ms, three times as without load", noisy, used, o.p99)
		}
	}
}

// TestPrioritiesUnderOverload offers nine tenths of the capacity in each of three priorities.
func TestPrioritiesUnderOverload(t *testing.T) {
	s := overload(13, 8, 1)
	s.loads = nil
	for _, p := range []Priority{High, Normal, Low} {
		s.loads = append(s.loads, load{rate: 0.9 * capacity(8), priority: p, paced: true})
	}
	s.run(13)
	var of [priorities]outcome
	for _, l := range s.loads {
		of[l.priority] = s.outcome(func(r *simRequest) bool { return r.load.priority == l.priority })
		t.Logf("%v: %.4f good, p99 %v", l.priority, of[l.priority].share(), of[l.priority].p99)
	}
	if high := of[High]; high.share() < 0.99 || high.p99 > 81*time.Millisecond {
		t.Errorf("high priority: got %.4f good and a p99 of %v, want 0.99 and 81 ms, 1.5 times as without load", high.share(), high.p99)
	}
	if of[Low].share() > of[Normal].share() {
		t.Errorf("got %.4f of low and %.4f of normal priority good, want low refused first", of[Low].share(), of[Normal].share())
	}
	if used := s.throughput(s.outcome(nil)) / capacity(8); used < 0.95 {
		t.Errorf("got %.3f of the capacity used, want 0.95", used)
	}
}

// TestWatchRefusesNothing finds the limit and lets everything through.
func TestWatchRefusesNothing(t *testing.T) {
	s := overload(15, 8, 1.5)
	s.gateways[0].limiter = NewLimiter(LimiterOptions{Mode: Watch})
	s.length = 8 * second
	s.run(15)
	if o := s.outcome(nil); o.refused != 0 {
		t.Errorf("got %d requests refused, want none", o.refused)
	}
	if got := s.gateways[0].limiter.Limit(); got > 100 {
		t.Errorf("got a limit of %v, want one that overload has lowered", got)
	}
}
