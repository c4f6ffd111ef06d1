package lb

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestDurationsAreKnownWithinABucket(t *testing.T) {
	for d := time.Microsecond; d < time.Minute; d += d/7 + 1 {
		if got := durationOf(durationBucket(d)); got < d*15/16 || got > d*17/16 {
			t.Errorf("%v became %v", d, got)
		}
	}
	for _, d := range []time.Duration{-1, 0, time.Hour} {
		if b := durationBucket(d); b < 0 || b >= durationBuckets {
			t.Errorf("%v has bucket %d", d, b)
		}
	}
}

func TestQuantilesOfTheWindow(t *testing.T) {
	var d durations
	for period := range int64(15) { // the first five are forgotten
		for ms := range 100 {
			d.add(100+period, time.Duration(ms+1)*time.Millisecond)
			if period < 5 {
				d.add(100+period, time.Minute)
			}
		}
	}
	var s spread
	s.add(&d, 114)
	if s.n != 1000 {
		t.Errorf("got %d responses, want 1000", s.n)
	}
	for share, want := range map[float64]time.Duration{0.5: 50 * time.Millisecond, 0.99: 99 * time.Millisecond} {
		if got := s.quantile(share); got < want*7/8 || got > want*9/8 {
			t.Errorf("quantile %v: got %v, want about %v", share, got, want)
		}
	}
	d.clear()
	var none spread
	if none.add(&d, 114); none.n != 0 || none.quantile(0.5) != 0 {
		t.Errorf("cleared: got %d responses", none.n)
	}
}

// lasting responds after a time around took.
func lasting(random *rand.Rand, took time.Duration) origin {
	return func(time.Duration) (Outcome, time.Duration) {
		return Success, took/2 + time.Duration(random.Int64N(int64(took)))
	}
}

// TestTheSlowOneIsEjected is experiment 3: one of three takes 200 ms instead of 10.
func TestTheSlowOneIsEjected(t *testing.T) {
	for _, tc := range []struct {
		name string
		slow float64
		took time.Duration
		want bool
	}{
		{"20 times", 5, 200 * time.Millisecond, true},
		{"off", 0, 200 * time.Millisecond, false},
		{"three times", 5, 30 * time.Millisecond, false},
		{"five times, but no 50 ms more", 4, 50 * time.Millisecond, false},
	} {
		random := rand.New(rand.NewPCG(1, 5))
		rule := standard(random)
		rule.Slow = tc.slow
		x := newExperiment(rule, Options{Seed: 1}, lasting(random, tc.took), lasting(random, 10*time.Millisecond), lasting(random, 10*time.Millisecond))
		x.rate, x.lasts = 300, 10*time.Second
		got := x.run()
		for i, b := range x.pool.group.backends {
			by, _ := b.Ejections()
			if want := tc.want && i == 0; (by[BySlowness] > 0) != want || by[ByFailures]+by[ByErrors]+by[BySilence] != 0 {
				t.Errorf("%s: backend %d was ejected %v, attempts %v", tc.name, i, by, got.attempts)
			}
		}
	}
}

// Requests that wait for an event do not look like silence: what slow responses of the
// upstream take is known.
func TestLongPollsAreNoSilence(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 6))
	poll := func(time.Duration) (Outcome, time.Duration) {
		if random.IntN(4) == 0 {
			return Success, 10 * time.Millisecond
		}
		return Success, time.Duration(5+random.Int64N(5)) * time.Second
	}
	x := newExperiment(standard(random), Options{Method: LeastConn, Seed: 1}, poll, poll, poll)
	x.rate, x.lasts = 5, 10*time.Minute
	x.run()
	for _, s := range x.changes {
		if s.Ejected && s.Since.After(t0.Add(10*time.Second)) { // the first of them has had its response
			t.Errorf("ejected: %+v", s)
		}
	}
}
