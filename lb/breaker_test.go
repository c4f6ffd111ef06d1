package lb

import (
	"testing"
	"time"
)

func breaking() EjectOptions {
	return EjectOptions{Breaker: BreakerOptions{OpenAt: 0.5}}
}

// pickTrial returns the backend that one attempt may try at t0+at.
func pickTrial(b *Backend, at time.Duration, safe bool) *Backend {
	return NewPool(b.group.Load(), nil, nil, Options{}).PickTrial(nil, safe, t0.Add(at).UnixNano())
}

// wantBroken fails unless the breaker of b is open, until t0+until, or closed.
func wantBroken(t *testing.T, b *Backend, open bool, until time.Duration) {
	t.Helper()
	s := b.Standing().Breaker
	if s.Open != open || b.Broken() != open || open && !s.Until.Equal(clock(until)) {
		t.Errorf("got %+v, want open %v until %v", s, open, until)
	}
}

func TestBreakerOpensByShare(t *testing.T) {
	_, list := backends(1, breaking())
	b := list[0]
	for range 10 {
		attempt(b, Success, 0, 0)
	}
	for range 9 {
		attempt(b, ServerError, 0, 0)
	}
	wantBroken(t, b, false, 0) // 19 are too few
	attempt(b, Cancelled, 0, 0)
	wantBroken(t, b, false, 0)
	attempt(b, Timeout, 0, 0)
	wantBroken(t, b, true, 10*time.Second)
	if s := b.Standing().Breaker; s.Failed != 10 || s.Of != 20 || s.Opened != 1 {
		t.Errorf("got %+v, want 10 of 20", s)
	}

	_, list = backends(1, breaking())
	for range 30 {
		attempt(list[0], ServerError, 0, 0)
		attempt(list[0], Success, 0, 0)
		attempt(list[0], Success, 0, 0)
	}
	wantBroken(t, list[0], false, 0)
}

func TestOldAttemptsDoNotOpenTheBreaker(t *testing.T) {
	_, list := backends(1, breaking())
	for at := range 30 {
		attempt(list[0], Cut, time.Duration(at)*time.Second, 0)
	}
	wantBroken(t, list[0], false, 0)
}

func TestOpenBreakerGetsNothingEvenInPanic(t *testing.T) {
	eachMethod(t, func(t *testing.T, o Options) {
		o.Panic = 0.9
		g, list := backends(2, breaking())
		p := NewPool(g, nil, nil, o)
		for range 20 {
			attempt(list[0], Timeout, 0, 0)
		}
		if got := shares(p, 100, nil); got[1] != 100 {
			t.Errorf("got %v, want all at the other", got)
		}
		if _, open := p.BreakerOpen(t0.UnixNano()); open {
			t.Error("one is usable, and all breakers are open")
		}
		for range 20 {
			attempt(list[1], Timeout, time.Second, 0)
		}
		if got := p.Pick(1, nil, t0.UnixNano()); got != nil {
			t.Errorf("got %s, want none", got.Address())
		}
		if until, open := p.BreakerOpen(t0.UnixNano()); !open || until != clock(10*time.Second).UnixNano() {
			t.Errorf("got open %v until %v, want until the first is half-open", open, time.Unix(0, until).Sub(t0))
		}
	})
}

func TestHalfOpenBreakerTakesOneAttemptAtATime(t *testing.T) {
	var told []Standing
	rule := breaking()
	rule.OnChange = func(_ *Backend, s Standing) {
		if n := len(told); s.Breaker.Open != (n > 0 && told[n-1].Breaker.Open) {
			told = append(told, s)
		}
	}
	_, list := backends(1, rule)
	b := list[0]
	for range 20 {
		attempt(b, Timeout, 0, 0)
	}
	if got := pickTrial(b, 9*time.Second, false); got != nil {
		t.Fatal("a trial before the breaker is half-open")
	}
	for i := range 3 {
		at := time.Duration(11+i) * time.Second
		if got := pickTrial(b, at, false); got != b {
			t.Fatalf("trial %d: got none", i)
		}
		if pickTrial(b, at, true) != nil {
			t.Fatalf("trial %d: a second one at the same time", i)
		}
		attempt(b, Success, 9*time.Second, time.Second) // from before: says nothing
		attempt(b, Success, at, 0)
	}
	wantBroken(t, b, false, 0)
	if len(told) != 2 || !told[0].Breaker.Open || told[1].Breaker.Open || !told[1].Since.Equal(clock(13*time.Second)) {
		t.Errorf("got %d changes %+v, want open and closed", len(told), told)
	}
}

func TestFailedTrialDoublesTheTime(t *testing.T) {
	_, list := backends(1, breaking())
	b := list[0]
	for range 20 {
		attempt(b, Timeout, 0, 0)
	}
	until := 10 * time.Second
	for _, factor := range []time.Duration{2, 4, 8, 8} {
		if pickTrial(b, until, false) != b {
			t.Fatal("no trial")
		}
		attempt(b, Success, until, 0)
		if pickTrial(b, until+time.Second, false) != b {
			t.Fatal("no second trial")
		}
		attempt(b, Cancelled, until+time.Second, 0) // no verdict
		if pickTrial(b, until+time.Second, false) != b {
			t.Fatal("no trial after one without a verdict")
		}
		attempt(b, ServerError, until+time.Second, 0)
		until += time.Second + factor*10*time.Second
		wantBroken(t, b, true, until)
	}
	if got := b.Standing().Breaker.Opened; got != 5 {
		t.Errorf("got opened %d times, want 5", got)
	}
}

// TestBreakerOfAnEjectedBackend: the trial waits for both, and one success ends the ejection only.
func TestBreakerOfAnEjectedBackend(t *testing.T) {
	rule := breaking()
	rule.Failures, rule.Base, rule.Max = 20, 20*time.Second, time.Minute
	_, list := backends(2, rule)
	b := list[0]
	for range 20 {
		attempt(b, Timeout, 0, 0)
	}
	wantOut(t, b, 0, true)
	wantBroken(t, b, true, 10*time.Second)
	if pickTrial(b, 15*time.Second, true) != nil {
		t.Error("a trial within the pause of the ejection")
	}
	if pickTrial(b, 25*time.Second, true) != b {
		t.Fatal("no trial")
	}
	attempt(b, Success, 25*time.Second, 0)
	wantOut(t, b, 0, false)
	if !b.Broken() || pickTrial(b, 26*time.Second, false) != b {
		t.Error("the breaker does not go on with its trials")
	}
}

func TestBreakerThatIsSwitchedOffCloses(t *testing.T) {
	_, list := backends(1, breaking())
	for range 20 {
		attempt(list[0], Timeout, 0, 0)
	}
	g := NewGroup(list, EjectOptions{})
	if list[0].Broken() || !g.quiet() || list[0].Standing().Breaker.Open {
		t.Error("it is still open")
	}
}

// TestAllFailBehindABreaker is experiment 9: all attempts fail, at 500 requests a second for 30 s.
func TestAllFailBehindABreaker(t *testing.T) {
	rule := breaking()
	g, _ := backends(3, rule)
	p := NewPool(g, nil, nil, Options{Seed: 7})
	attempts := 0
	for i := range 15_000 {
		at := time.Duration(i) * time.Second / 500
		b := p.PickTrial(nil, false, clock(at).UnixNano())
		if b == nil {
			b = p.Pick(0, nil, clock(at).UnixNano())
		}
		if b != nil {
			attempts++
			attempt(b, ConnectFailure, at, 0)
		}
	}
	if attempts > 15_000/20 {
		t.Errorf("got %d attempts for 15000 requests, want 5 %% at most", attempts)
	}
}
