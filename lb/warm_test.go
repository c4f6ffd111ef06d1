package lb

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// TestSlowStartFollowsItsRamp sends 1,000 requests a second to three backends, of which one is in
// its slow start of 30 s. Its requests in each tenth of that time follow the ramp, for each
// method, idle and loaded.
func TestSlowStartFollowsItsRamp(t *testing.T) {
	const ramp = 30 * time.Second
	for _, load := range []struct {
		name string
		took time.Duration
	}{{"nearly idle", time.Millisecond}, {"a few in flight", 6 * time.Millisecond}, {"loaded", 100 * time.Millisecond}} {
		eachMethod(t, func(t *testing.T, o Options) {
			random := rand.New(rand.NewPCG(3, 4))
			var tenths [10]int
			counted := func(at time.Duration) (Outcome, time.Duration) {
				if at < ramp {
					tenths[at*10/ramp]++
				}
				return Success, load.took/2 + time.Duration(random.Int64N(int64(load.took)))
			}
			other := func(time.Duration) (Outcome, time.Duration) {
				return Success, load.took/2 + time.Duration(random.Int64N(int64(load.took)))
			}
			rule := standard(random)
			rule.SlowStart = ramp
			x := newExperiment(rule, o, other, counted, other)
			x.rate, x.lasts = 1000, ramp
			x.pool.group.Warm(x.pool.group.backends[1], t0)
			x.run()
			for i, got := range tenths {
				want := 0.0
				for step := range 100 {
					warmth := max(coldest, (float64(i)+float64(step)/100)/10)
					want += 3000 * warmth / (2 + warmth) / 100
				}
				if math.Abs(float64(got)-want) > 0.25*want {
					t.Errorf("%s, tenth %d: got %d requests, want %.0f within 25 %%", load.name, i, got, want)
				}
			}
		})
	}
}

func TestSlowStartBeginsAfterTenSeconds(t *testing.T) {
	for _, tc := range []struct {
		name string
		away time.Duration
		want bool
	}{{"a short time away", 9 * time.Second, false}, {"a long time away", 10 * time.Second, true}} {
		for how, leave := range map[string]func(b *Backend, back time.Time){
			"ejected": func(b *Backend, back time.Time) {
				eject(b)
				b.Begin()
				b.End(Success, time.Millisecond, back)
			},
			"unhealthy": func(b *Backend, back time.Time) {
				b.SetHealth(Unhealthy, t0)
				b.SetHealth(Healthy, back)
			},
		} {
			g, list := backends(2, EjectOptions{Failures: 1, Base: time.Second, SlowStart: time.Minute})
			back := t0.Add(tc.away)
			leave(list[0], back)
			if got := g.warmth(list[0], back.UnixNano()) < 1; got != tc.want || g.warming(back.UnixNano()) != tc.want {
				t.Errorf("%s, %s: got slow start %v, want %v", how, tc.name, got, tc.want)
			}
			if ramp := list[0].Standing().Warming; tc.want && (!ramp.Since.Equal(back) || !ramp.Until.Equal(back.Add(time.Minute))) {
				t.Errorf("%s, %s: got slow start %v", how, tc.name, ramp)
			}
		}
	}
}

func TestANewBackendWarmsWhenItIsUsable(t *testing.T) {
	g, list := backends(2, EjectOptions{SlowStart: time.Minute})
	list[0].SetHealth(Unchecked, t0)
	g.Warm(list[0], t0)
	if g.warming(t0.UnixNano()) {
		t.Error("its slow start has begun before the first check")
	}
	list[0].SetHealth(Healthy, t0.Add(time.Second))
	if got := list[0].Standing().Warming.Since; !got.Equal(t0.Add(time.Second)) {
		t.Errorf("its slow start has begun at %v, want with the first check", got)
	}
}

func TestAllThatWarmShareLikeWarmOnes(t *testing.T) {
	eachMethod(t, func(t *testing.T, o Options) {
		g, list := backends(4, EjectOptions{SlowStart: time.Minute})
		for _, b := range list {
			g.Warm(b, t0.Add(-time.Second))
		}
		got := shares(NewPool(g, []int{3, 2, 2, 1}, nil, o), 8000, nil)
		if o.Method == Latency { // which compares costs, and without attempts there are none
			return
		}
		if o.Method == P2C || o.Method == LeastConn || o.Method == ConsistentHash {
			wantShares(t, got, []int{3, 2, 2, 1}, 0.12)
			return
		}
		wantShares(t, got, []int{3, 2, 2, 1}, 0.08)
	})
}

// TestOnlyTheOneThatWarmsIsLeft: it gets every request.
func TestOnlyTheOneThatWarmsIsLeft(t *testing.T) {
	eachMethod(t, func(t *testing.T, o Options) {
		g, list := backends(3, EjectOptions{SlowStart: time.Minute})
		g.Warm(list[0], t0)
		list[1].SetHealth(Unhealthy, t0)
		var tried Set
		tried.Add(list[2])
		if got := shares(NewPool(g, nil, nil, o), 200, &tried); got[0] != 200 {
			t.Errorf("got %v, want 200 requests at the first", got)
		}
	})
}
