package lb

import (
	"container/heap"
	"math/rand/v2"
	"testing"
	"time"

	"penstock/ratelimit"
)

// standard is the rule of ejection that the configuration has by default.
func standard(random *rand.Rand) EjectOptions {
	return EjectOptions{
		Failures: 5, Errors: 0.2, Min: 20, Within: 10 * time.Second, Silent: 2 * time.Second,
		Base: time.Second, Max: 30 * time.Second, AtMost: 0.5, Random: random.Float64,
	}
}

// hangs is how long an attempt at an origin takes that does not respond: until its
// backend's waits are ended, or the limit for the first byte is over.
const (
	hangs     = time.Hour
	firstByte = 15 * time.Second
)

// origin is what a simulated backend does with an attempt that begins at this time since
// the start.
type origin func(at time.Duration) (o Outcome, took time.Duration)

// experiment is an open loop of requests over origins, in simulated time. Each request is
// sent at its own time, whatever became of the others, as the gateway does it: a trial
// first, then a pick, and retries within the budget.
type experiment struct {
	pool    *Pool
	origins []origin // by Backend.Index
	rate    int      // requests in a second
	lasts   time.Duration
	retry   func(Outcome) bool // nil: no retries; one at most
	keys    *rand.Rand

	budget  *ratelimit.Budget
	queue   events
	waiting map[*Backend][]*ask1
	result  verdicts
	changes []Standing
}

// verdicts is what the clients got.
type verdicts struct {
	requests, failed, late int // late: above a second, though it succeeded
	attempts               []int
}

// ask1 is one request with its present attempt.
type ask1 struct {
	due, began time.Duration
	b          *Backend
	tried      Set
	retried    bool
	at         int // place in the queue; -1 when not in it
	ends       time.Duration
	outcome    Outcome
}

// events is a heap of the attempts under way, the one that ends next first.
type events []*ask1

func (e events) Len() int           { return len(e) }
func (e events) Less(i, j int) bool { return e[i].ends < e[j].ends }
func (e events) Swap(i, j int)      { e[i], e[j] = e[j], e[i]; e[i].at, e[j].at = i, j }
func (e *events) Push(x any)        { a := x.(*ask1); a.at = len(*e); *e = append(*e, a) }
func (e *events) Pop() any {
	a := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	a.at = -1
	return a
}

// newExperiment makes an experiment with this rule over the origins.
func newExperiment(rule EjectOptions, method Options, origins ...origin) *experiment {
	x := &experiment{origins: origins, budget: ratelimit.NewBudget(0.1, 10), waiting: map[*Backend][]*ask1{}}
	x.result.attempts = make([]int, len(origins))
	x.keys = rand.New(rand.NewPCG(method.Seed, 2))
	rule.OnChange = x.changed
	g, _ := backends(len(origins), rule)
	x.pool = NewPool(g, nil, nil, method)
	return x
}

// changed ends the waits at a silent backend, as package upstream does.
func (x *experiment) changed(b *Backend, s Standing) {
	x.changes = append(x.changes, s)
	if !s.Ejected || s.Verdict.Ground != BySilence {
		return
	}
	for _, a := range x.waiting[b] {
		if a.at >= 0 && a.b == b {
			a.ends, a.outcome = time.Duration(s.Since.Sub(t0)), Timeout
			heap.Fix(&x.queue, a.at)
		}
	}
	x.waiting[b] = x.waiting[b][:0]
}

// run sends all requests and returns what the clients got.
func (x *experiment) run() verdicts {
	gap := time.Second / time.Duration(x.rate)
	for due := time.Duration(0); due < x.lasts || len(x.queue) > 0; {
		if len(x.queue) > 0 && (due >= x.lasts || x.queue[0].ends <= due) {
			x.end(heap.Pop(&x.queue).(*ask1))
			continue
		}
		x.budget.Request(t0.Add(due).UnixNano())
		x.send(&ask1{due: due, began: due})
		due += gap
	}
	return x.result
}

// send begins an attempt.
func (x *experiment) send(a *ask1) {
	now := t0.Add(a.began).UnixNano()
	a.b = x.pool.PickTrial(&a.tried, true, now)
	if a.b == nil {
		a.b = x.pool.Pick(x.keys.Uint64(), &a.tried, now)
	}
	a.b.Begin()
	x.result.attempts[a.b.Index()]++
	o, took := x.origins[a.b.Index()](a.began)
	if took == hangs {
		o, took = Timeout, firstByte
		x.waiting[a.b] = append(x.waiting[a.b], a)
	}
	a.outcome, a.ends = o, a.began+took
	heap.Push(&x.queue, a)
}

// end reports an attempt and, unless it is repeated, its request.
func (x *experiment) end(a *ask1) {
	now := t0.Add(a.ends)
	a.b.End(a.outcome, a.ends-a.began, now)
	if a.outcome != Success && x.retry != nil && x.retry(a.outcome) && !a.retried && x.budget.TryRetry(now.UnixNano()) {
		a.retried, a.began = true, a.ends+time.Duration(x.keys.Int64N(int64(25*time.Millisecond)))
		a.tried.Add(a.b)
		x.send(a)
		return
	}
	x.result.requests++
	switch {
	case a.outcome != Success:
		x.result.failed++
	case a.ends-a.due > time.Second:
		x.result.late++
	}
}

// good responds after about 10 ms.
func good(random *rand.Rand) origin {
	return func(time.Duration) (Outcome, time.Duration) {
		return Success, time.Duration(5+random.Int64N(10)) * time.Millisecond
	}
}

// share is a part of all requests, in percent.
func (v verdicts) share(n int) float64 { return 100 * float64(n) / float64(v.requests) }

// TestOneAnswers500 is experiment 1: one of three responds with 500 at once, 300 requests a
// second for 10 s.
func TestOneAnswers500(t *testing.T) {
	eachMethod(t, func(t *testing.T, o Options) {
		for seed := uint64(1); seed <= 5; seed++ {
			for _, tc := range []struct {
				name  string
				retry func(Outcome) bool
				most  float64
			}{
				{"no retries", nil, 1.5},
				{"when: [connect, reset, 5xx]", func(o Outcome) bool { return o != Timeout }, 0.2},
			} {
				random := rand.New(rand.NewPCG(seed, 1))
				o.Seed = seed
				broken := func(time.Duration) (Outcome, time.Duration) { return ServerError, time.Millisecond }
				x := newExperiment(standard(random), o, broken, good(random), good(random))
				x.rate, x.lasts, x.retry = 300, 10*time.Second, tc.retry
				got := x.run()
				t.Logf("seed %d, %s: %.2f %% failed, attempts %v", seed, tc.name, got.share(got.failed), got.attempts)
				if got.share(got.failed) > tc.most {
					t.Errorf("seed %d, %s: %.2f %% failed, want at most %v %%", seed, tc.name, got.share(got.failed), tc.most)
				}
			}
		}
	})
}

// TestOneHangs is experiment 2: one of three takes requests and never responds, 100 requests
// a second for 20 s.
func TestOneHangs(t *testing.T) {
	eachMethod(t, func(t *testing.T, o Options) {
		for seed := uint64(1); seed <= 5; seed++ {
			for _, tc := range []struct {
				name  string
				retry func(Outcome) bool
			}{
				{"no retries", nil},
				{"when: [timeout]", func(o Outcome) bool { return o == Timeout }},
			} {
				random := rand.New(rand.NewPCG(seed, 1))
				o.Seed = seed
				hung := func(time.Duration) (Outcome, time.Duration) { return Timeout, hangs }
				x := newExperiment(standard(random), o, hung, good(random), good(random))
				x.rate, x.lasts, x.retry = 100, 20*time.Second, tc.retry
				got := x.run()
				failed, bad := got.share(got.failed), got.share(got.failed+got.late)
				t.Logf("seed %d, %s: %.2f %% failed, %.2f %% failed or took above a second, attempts %v", seed, tc.name, failed, bad, got.attempts)
				if bad > 5 || tc.retry != nil && failed > 0.5 {
					t.Errorf("seed %d, %s: %.2f %% failed, %.2f %% failed or took above a second; want at most 5 %% of the latter, and 0.5 %% failed with retries", seed, tc.name, failed, bad)
				}
			}
		}
	})
}

// TestOneFlaps is experiment 4: one of three cannot be connected to in every other second,
// 300 requests a second for 12 s, with the retries that are on by default.
func TestOneFlaps(t *testing.T) {
	eachMethod(t, func(t *testing.T, o Options) {
		for seed := uint64(1); seed <= 5; seed++ {
			random := rand.New(rand.NewPCG(seed, 1))
			o.Seed = seed
			up := good(random)
			flaps := func(at time.Duration) (Outcome, time.Duration) {
				if at/time.Second%2 == 1 {
					return ConnectFailure, time.Millisecond
				}
				return up(at)
			}
			x := newExperiment(standard(random), o, flaps, up, up)
			x.rate, x.lasts = 300, 12*time.Second
			x.retry = func(o Outcome) bool { return o == ConnectFailure }
			if got := x.run(); got.failed > 0 {
				t.Errorf("seed %d: %d of %d failed, want none", seed, got.failed, got.requests)
			}
		}
	})
}

// TestAllFailAlike has no backend ejected for errors while all fail alike: it is what they
// share that fails.
func TestAllFailAlike(t *testing.T) {
	for _, rate := range []int{6, 30, 300} {
		for seed := uint64(1); seed <= 40; seed++ {
			random := rand.New(rand.NewPCG(seed, uint64(rate)))
			half := func(time.Duration) (Outcome, time.Duration) {
				if random.IntN(2) == 0 {
					return ServerError, 10 * time.Millisecond
				}
				return Success, 10 * time.Millisecond
			}
			x := newExperiment(standard(random), Options{Method: P2C, Seed: seed}, half, half, half)
			x.rate, x.lasts = rate, time.Minute
			x.run()
			for _, b := range x.pool.group.backends {
				if by, _ := b.Ejections(); by[ByErrors] != 0 {
					t.Errorf("%d/s, seed %d: %s was ejected %d times for errors: %+v", rate, seed, b.Address(), by[ByErrors], b.Standing().Verdict)
				}
			}
		}
	}
}
