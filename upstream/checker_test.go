package upstream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"penstock/conn"
	"penstock/health"
	"penstock/lb"
)

// ward plays the backends of a cluster in simulated time: what each check finds, and when.
type ward struct {
	mu     sync.Mutex
	took   time.Duration
	cause  map[string]string // by address; none: the check succeeds
	checks []time.Time
	open   int
	most   int
}

func (w *ward) examine(ctx context.Context, address string) string {
	w.mu.Lock()
	w.checks = append(w.checks, time.Now())
	w.open++
	w.most = max(w.most, w.open)
	took := w.took
	w.mu.Unlock()
	if took > 0 {
		select {
		case <-time.After(took):
		case <-ctx.Done():
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open--
	return w.cause[address]
}

// set changes what the checks of one address find.
func (w *ward) set(address, cause string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cause[address] = cause
}

// seen returns when checks were made, and how many there were at once at most.
func (w *ward) seen() (checks []time.Time, most int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.checks), w.most
}

// clusterOf makes a cluster of n backends that w plays.
func (w *ward) clusterOf(n int, prev *Cluster, change ...func(*Options)) *Cluster {
	w.mu.Lock()
	w.cause = map[string]string{}
	w.mu.Unlock()
	o := Options{
		Name: "api", Sweeper: conn.NewSweeper(time.Hour), examine: w.examine,
		Check: httpCheck(func(o *CheckOptions) { o.Every, o.Fast, o.Timeout = 5*time.Second, time.Second, time.Second }),
	}
	for i := range n {
		o.Backends = append(o.Backends, BackendOptions{Scheme: "http", Host: fmt.Sprintf("10.0.0.%d", i+1), Port: 80, Weight: 1})
	}
	for _, f := range change {
		f(&o)
	}
	c, err := NewClusterFrom(prev, o)
	if err != nil {
		panic(err)
	}
	return c
}

// begin starts c and stops it with the test.
func begin(t *testing.T, c *Cluster) {
	t.Helper()
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func end(t *testing.T, c *Cluster) {
	t.Helper()
	if err := c.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
}

// states are the states of the backends of c.
func states(c *Cluster) (all []health.State) {
	for _, s := range c.State() {
		all = append(all, s.State)
	}
	return all
}

func TestTheFirstRoundComesBeforeTheStartEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &ward{took: 100 * time.Millisecond}
		c := w.clusterOf(3, nil)
		w.set("10.0.0.2:80", "status 500")
		if got := states(c); !slices.Equal(got, []health.State{health.Checking, health.Checking, health.Checking}) {
			t.Errorf("before: got %v", got)
		}
		began := time.Now()
		begin(t, c)
		defer end(t, c)
		if took := time.Since(began); took > 500*time.Millisecond {
			t.Errorf("the start took %v", took)
		}
		if got := states(c); !slices.Equal(got, []health.State{health.Up, health.Checking, health.Up}) {
			t.Errorf("after: got %v", got)
		}
		v := c.View("r", nil)
		if got := pickAll(v); len(got) != 2 || got["10.0.0.2:80"] != nil {
			t.Errorf("got picks of %d backends, want the first and the last", len(got))
		}
	})
}

func TestTheStartWaitsForOneTimeoutOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &ward{took: time.Hour}
		c := w.clusterOf(20, nil)
		began := time.Now()
		begin(t, c)
		defer end(t, c)
		if took := time.Since(began); took != time.Second {
			t.Errorf("the start took %v, want the timeout", took)
		}
		for i, got := range states(c) {
			if got != health.Up {
				t.Errorf("backend %d: got %s, want up as it is not known", i, got)
			}
		}
	})
}

// TestDetection is the bound of the documentation: every + (down-1) x fast + down x timeout,
// and 20 % of the pauses.
func TestDetection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &ward{took: 100 * time.Millisecond}
		said := make(messages, 1000)
		c := w.clusterOf(2, nil, func(o *Options) { o.Log = slog.New(said) })
		begin(t, c)
		defer end(t, c)
		w.set("10.0.0.1:80", "status 500")
		failed := time.Now()
		for within(t, "down", said) != "backend down: its health checks fail" {
		}
		limit := time.Duration(1.2*float64(5*time.Second+2*time.Second)) + 3*w.took
		if took := time.Since(failed); took > limit {
			t.Errorf("down after %v, want %v at most", took, limit)
		}
		got := c.State()[0]
		if got.State != health.Down || got.Reason != health.HealthChecks || got.LastCheck.Cause != "status 500" || got.Checks.Failed != 3 || got.Checks.OK == 0 || !got.Checks.On {
			t.Errorf("got %+v", got)
		}
		w.set("10.0.0.1:80", "")
		for within(t, "up", said) != "backend up" {
		}
		if got := c.State()[0]; got.State != health.Up || got.Checks.Took != w.took {
			t.Errorf("got %+v", got)
		}
	})
}

// TestChecksAreSpread has 100 backends: no 100 ms have more than three times the mean of checks,
// neither 8 checks run at once, nor does each backend have a goroutine.
func TestChecksAreSpread(t *testing.T) {
	for _, every := range []time.Duration{time.Second, 5 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			before := runtime.NumGoroutine()
			w := &ward{took: 2 * time.Millisecond}
			c := w.clusterOf(100, nil, func(o *Options) { o.Check.Every = every })
			began := time.Now()
			begin(t, c)
			defer end(t, c)
			time.Sleep(2 * every) // until the first round is over
			early, _ := w.seen()
			first := len(early)
			from := time.Now()
			time.Sleep(time.Minute)
			if n := runtime.NumGoroutine() - before; n > 20 {
				t.Errorf("%d goroutines for 100 backends", n)
			}
			checks, most := w.seen()
			mean := float64(len(checks)-first) / 600
			slots := map[time.Duration]int{}
			for _, at := range checks[first:] {
				slots[at.Sub(from)/(100*time.Millisecond)]++
			}
			for slot, n := range slots {
				if float64(n) > 3*mean {
					t.Errorf("every %v, slot %d: %d checks, mean %.1f", every, slot, n, mean)
				}
			}
			if want := 6 / every.Seconds(); mean < 0.8*want*10/6 || most > upstreamChecks {
				t.Errorf("every %v: mean %.1f in 100 ms, %d at once at most", every, mean, most)
			}
			for i := range 100 { // the start waits half a second for them
				if at := checks[i].Sub(began); at > 600*time.Millisecond {
					t.Errorf("every %v: first check %d after %v", every, i, at)
				}
			}
		})
	}
}

func TestAHangingUpstreamHasEightChecksAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &ward{took: 900 * time.Millisecond}
		c := w.clusterOf(100, nil)
		begin(t, c)
		time.Sleep(time.Minute)
		end(t, c)
		if _, most := w.seen(); most != upstreamChecks {
			t.Errorf("%d checks at once, want %d", most, upstreamChecks)
		}
	})
}

func TestTheProcessHas64ChecksAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slots := NewCheckSlots()
		w := &ward{took: 900 * time.Millisecond}
		var all []*Cluster
		var wg sync.WaitGroup
		for range 12 {
			c := w.clusterOf(20, nil, func(o *Options) { o.CheckSlots = slots })
			all = append(all, c)
			wg.Go(func() { begin(t, c) })
		}
		wg.Wait()
		time.Sleep(time.Minute)
		for _, c := range all {
			end(t, c)
		}
		if _, most := w.seen(); most != processChecks {
			t.Errorf("%d checks at once, want %d", most, processChecks)
		}
	})
}

func TestANewAddressWaitsForItsFirstCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &ward{took: 100 * time.Millisecond}
		prev := w.clusterOf(1, nil)
		begin(t, prev)
		time.Sleep(time.Minute)
		next := w.clusterOf(2, prev, func(o *Options) { o.Eject.SlowStart = time.Minute })
		if got := states(next); !slices.Equal(got, []health.State{health.Up, health.Checking}) {
			t.Errorf("built: got %v", got)
		}
		w.set("10.0.0.2:80", "refused")
		begin(t, next)
		end(t, prev)
		if got := states(next); !slices.Equal(got, []health.State{health.Up, health.Checking}) {
			t.Errorf("its first check failed: got %v", got)
		}
		w.set("10.0.0.2:80", "")
		time.Sleep(2 * time.Second)
		if got := states(next); !slices.Equal(got, []health.State{health.Up, health.Warming}) {
			t.Errorf("after a good check: got %v", got)
		}
		end(t, next)
	})
}

func TestOtherSettingsKeepTheState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &ward{}
		prev := w.clusterOf(2, nil)
		begin(t, prev)
		w.set("10.0.0.1:80", "status 500")
		time.Sleep(20 * time.Second)
		before, _ := w.seen()
		next := w.clusterOf(2, prev, func(o *Options) { o.Check.Path, o.Check.Start = "/ready", lb.Unchecked })
		w.set("10.0.0.1:80", "status 500")
		begin(t, next)
		end(t, prev)
		if got := states(next); !slices.Equal(got, []health.State{health.Down, health.Up}) {
			t.Errorf("got %v, want the state of before", got)
		}
		if checks, _ := w.seen(); len(checks) > len(before)+1 {
			t.Errorf("%d checks more at once, want them when they are due", len(checks)-len(before))
		}
		off := w.clusterOf(2, next, func(o *Options) { o.Check = CheckOptions{} })
		begin(t, off)
		end(t, next)
		if got := states(off); !slices.Equal(got, []health.State{health.Up, health.Up}) {
			t.Errorf("switched off: got %v", got)
		}
		if err := off.CheckNow(t.Context(), "10.0.0.1:80"); !errors.Is(err, ErrNotChecked) {
			t.Errorf("a check on demand: %v", err)
		}
		end(t, off)
	})
}

// TestARefusedGenerationChangesNoRule: a cluster that was built and never used leaves the checks of
// the running one in force.
func TestARefusedGenerationChangesNoRule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &ward{}
		c := w.clusterOf(1, nil)
		begin(t, c)
		end(t, w.clusterOf(1, c, func(o *Options) { o.Check.Path = "/other" }))
		before := c.State()[0].Checks.OK
		time.Sleep(30 * time.Second)
		if got := c.State()[0].Checks.OK; got < before+4 {
			t.Errorf("%d checks are counted in 30 s, want 5", got-before)
		}
		end(t, c)
	})
}

func TestCheckNowCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &ward{}
		c := w.clusterOf(1, nil)
		begin(t, c)
		w.set("10.0.0.1:80", "status 500")
		for range 3 {
			if err := c.CheckNow(t.Context(), "10.0.0.1:80"); err != nil {
				t.Error(err)
			}
		}
		if got := states(c); got[0] != health.Down {
			t.Errorf("got %v, want down", got)
		}
		if err := c.CheckNow(t.Context(), "10.0.0.9:80"); !errors.Is(err, ErrUnknownBackend) {
			t.Errorf("got %v", err)
		}
		end(t, c)
	})
}

func TestAnOperatorMayAskForASlowStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &ward{}
		c := w.clusterOf(2, nil, func(o *Options) { o.Check, o.Eject.SlowStart = CheckOptions{}, time.Minute })
		begin(t, c)
		defer end(t, c)
		drained, back := true, false
		for _, drain := range []*bool{&drained, &back} {
			if err := c.SetBackend("10.0.0.1:80", nil, drain); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Hour)
		}
		if got := states(c); got[0] != health.Up {
			t.Errorf("after a drain: got %v, want up at once", got)
		}
		if err := c.Warm("10.0.0.1:80"); err != nil || states(c)[0] != health.Warming || states(c)[1] != health.Up {
			t.Errorf("got %v and %v, want the first to warm", err, states(c))
		}
		if err := c.Warm("10.0.0.9:80"); !errors.Is(err, ErrUnknownBackend) {
			t.Errorf("got %v", err)
		}
	})
}
