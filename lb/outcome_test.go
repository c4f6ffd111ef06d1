package lb

import (
	"testing"
	"time"
)

func TestAFailureNeverLowersLatency(t *testing.T) {
	const usual = 10 * time.Millisecond
	for _, tc := range []struct {
		name string
		o    Outcome
		own  time.Duration // latency before the failure
		took time.Duration
		want time.Duration
	}{
		{"fast error of a fast one: twice the upstream", ServerError, time.Millisecond, time.Microsecond, 2 * usual},
		{"fast error of a slow one: its own", ServerError, 50 * time.Millisecond, time.Microsecond, 50 * time.Millisecond},
		{"slow error: what it took", ServerError, time.Millisecond, 300 * time.Millisecond, 300 * time.Millisecond},
		{"timeout", Timeout, time.Millisecond, time.Second, time.Second},
		{"refused at once", ConnectFailure, time.Millisecond, time.Microsecond, 2 * usual},
		{"cut after a long body", Cut, time.Millisecond, time.Hour, 2 * usual},
		{"the client left sooner than usual", Abandoned, 50 * time.Millisecond, 20 * time.Millisecond, 50 * time.Millisecond},
		{"the client left later than usual", Abandoned, time.Millisecond, 5 * time.Second, 5 * time.Second},
		{"no verdict", Cancelled, time.Millisecond, time.Second, time.Millisecond},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, list := backends(2, EjectOptions{})
			attempt(list[1], Success, 0, usual)
			list[0].latency.add(tc.own, t0)
			attempt(list[0], tc.o, time.Millisecond, tc.took)
			got := list[0].Latency()
			if diff := got - tc.want; diff < -tc.want/10 || diff > tc.want/10 {
				t.Errorf("got %v, want about %v", got, tc.want)
			}
		})
	}
}

// Clients that leave make a backend that has no sample yet look slow, and never fast; they
// eject nothing, however many they are.
func TestClientsThatLeaveAreNoFailures(t *testing.T) {
	_, list := backends(2, EjectOptions{Failures: 3})
	attempt(list[0], Abandoned, 0, time.Minute)
	if got := list[0].Latency(); got != 0 {
		t.Errorf("nothing to compare with: latency %v, want none", got)
	}
	attempt(list[1], Success, 0, 10*time.Millisecond)
	attempt(list[0], Abandoned, time.Millisecond, time.Millisecond)
	if got := list[0].Latency(); got != 0 {
		t.Errorf("after a short wait: latency %v, want none", got)
	}
	for range 100 {
		attempt(list[0], Abandoned, time.Second, time.Second)
	}
	if got := list[0].Latency(); got != time.Second {
		t.Errorf("after a long wait: latency %v, want 1s", got)
	}
	if s := list[0].Standing(); s.Ejected || s.Failing {
		t.Errorf("standing %+v, want a good one", s)
	}
}

// A backend that goes on failing must go on looking slow: the reading fades, and
// each failure lifts it again.
func TestLatencyStaysUpWhileFailuresGoOn(t *testing.T) {
	_, list := backends(2, EjectOptions{})
	at := time.Duration(0)
	for range 60 {
		at += time.Second
		attempt(list[1], Success, at, 10*time.Millisecond)
		attempt(list[0], ServerError, at, time.Microsecond)
	}
	if got, _ := list[0].latency.at(t0.Add(at).UnixNano()); got < 18e6 {
		t.Errorf("after a minute of failures the latency reads %v, want about 20ms", time.Duration(got))
	}
}

// TestFastFailuresDoNotAttract is the experiment with three backends of which one
// responds with 500 at once: by latency it must not get more than by two choices,
// where being fast attracts requests only by being idle.
func TestFastFailuresDoNotAttract(t *testing.T) {
	share := func(m Method, seed uint64) float64 {
		g, _ := backends(3, EjectOptions{})
		w := world{
			pool: NewPool(g, nil, nil, Options{Method: m, Seed: seed}), parallel: true, clients: 12,
			service: []time.Duration{time.Millisecond, 20 * time.Millisecond, 20 * time.Millisecond},
			outcome: []Outcome{ServerError, Success, Success},
		}
		const requests = 20000
		return float64(w.run(requests)[0]) / requests
	}
	for seed := uint64(1); seed <= 5; seed++ {
		byLatency, byChoice := share(Latency, seed), share(P2C, seed)
		t.Logf("seed %d: share of the failing one %.1f %% by latency, %.1f %% by p2c", seed, 100*byLatency, 100*byChoice)
		if byLatency > byChoice {
			t.Errorf("seed %d: the failing backend gets %.1f %% by latency, want at most the %.1f %% of p2c", seed, 100*byLatency, 100*byChoice)
		}
	}
}
