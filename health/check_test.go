package health

import (
	"strings"
	"testing"
	"time"

	"penstock/lb"
)

// checked makes an endpoint, new or known, that is checked by a rule with up 2 and down 3.
func checked(start lb.Health, fresh bool) (*Endpoint, *Rule) {
	e, _ := pair()
	r := &Rule{Target: "a", Every: 5 * time.Second, Fast: time.Second, Up: 2, Down: 3, Start: start}
	e.Follow(r, fresh, t0)
	return e, r
}

// TestVerdictsOfChecks plays rows of results: + is a check that succeeds, - one that fails.
// want has the first letter of the state before and after each result.
func TestVerdictsOfChecks(t *testing.T) {
	for _, tc := range []struct {
		name    string
		start   lb.Health
		fresh   bool
		results string
		want    string // c checking, u up, d down
	}{
		{"a new one waits for one good check", lb.Unchecked, true, "+-", "cuu"},
		{"a new one that fails is down after three", lb.Unchecked, true, "--+", "cccu"},
		{"and then needs two", lb.Unchecked, true, "---++", "cccddu"},
		{"a known one is up", lb.Unchecked, false, "--+--", "uuuuuu"},
		{"three in a row", lb.Unchecked, false, "--+---", "uuuuuud"},
		{"two in a row", lb.Healthy, true, "---+-++", "uuudddd" + "u"},
		{"start: down", lb.Unhealthy, true, "+-++", "ddddu"},
	} {
		e, r := checked(tc.start, tc.fresh)
		got := letter(e)
		for i, c := range tc.results {
			result := &Result{Began: t0.Add(time.Duration(i) * time.Second), Took: time.Millisecond}
			if c == '-' {
				result.Cause = "timeout"
			}
			before := letter(e)
			changed := e.Examined(r, result)
			got += letter(e)
			if changed != (before != letter(e)) {
				t.Errorf("%s, result %d: reported changed %v", tc.name, i, changed)
			}
		}
		if got != tc.want {
			t.Errorf("%s: got %s, want %s", tc.name, got, tc.want)
		}
	}
}

// letter is the first letter of the state of e; it panics when lb has another view of it.
func letter(e *Endpoint) string {
	s := e.Status(Rotation{Weight: 1}, t0.Add(time.Minute)).State
	if e.Backend().Usable() != (s == Up) {
		panic("lb has another view of " + s.String())
	}
	return s.String()[:1]
}

func TestTheNextCheckIsSoonWhileAVerdictChanges(t *testing.T) {
	e, r := checked(lb.Unchecked, true)
	for i, tc := range []struct {
		cause string
		want  time.Duration
	}{{"x", time.Second}, {"", 5 * time.Second}, {"x", time.Second}, {"x", time.Second}, {"", 5 * time.Second}, {"x", time.Second}, {"x", time.Second}, {"x", 5 * time.Second}, {"", time.Second}, {"", 5 * time.Second}} {
		at := t0.Add(time.Duration(i) * time.Minute)
		e.Examined(r, &Result{Began: at, Took: time.Second, Cause: tc.cause})
		if pause, latest := e.NextCheck(r); pause != tc.want || !latest.Equal(at.Add(time.Second)) {
			t.Errorf("after result %d: got %v from %v on, want %v", i, pause, latest, tc.want)
		}
	}
}

func TestOnlyOneWithoutAResultIsPresumedUp(t *testing.T) {
	unknown, _ := checked(lb.Unchecked, true)
	if !unknown.Awaited() {
		t.Error("a new one is not awaited")
	}
	unknown.Presume(t0)
	if unknown.Awaited() || letter(unknown) != "u" {
		t.Errorf("presumed: got %s, awaited %v", letter(unknown), unknown.Awaited())
	}
	e, r := checked(lb.Unchecked, true)
	e.Examined(r, &Result{Began: t0, Cause: "x"})
	e.Presume(t0)
	if e.Awaited() || letter(e) != "c" {
		t.Errorf("its first check failed: got %s, awaited %v, want checking", letter(e), e.Awaited())
	}
}

func TestOtherRulesKeepTheVerdict(t *testing.T) {
	fails := func(e *Endpoint, r *Rule, times int) {
		for range times {
			e.Examined(r, &Result{Began: t0, Cause: "x"})
		}
	}
	e, r := checked(lb.Healthy, true)
	fails(e, r, 3)
	other := *r
	other.Target = "b"
	e.Follow(&other, false, t0)
	if letter(e) != "d" {
		t.Errorf("another target: got %s, want down", letter(e))
	}
	if fails(e, r, 1); e.Checks().Failed != 3 {
		t.Error("a result by the old rule is counted")
	}

	e, r = checked(lb.Healthy, true)
	fails(e, r, 2)
	slower := *r
	slower.Every = time.Minute
	e.Follow(&slower, false, t0)
	if fails(e, &slower, 1); letter(e) != "d" {
		t.Error("another pause: the row begins anew")
	}

	e, r = checked(lb.Healthy, true)
	fails(e, r, 2)
	e.Follow(&other, false, t0)
	if fails(e, &other, 2); letter(e) != "u" {
		t.Error("another target: the row goes on")
	}

	fails(e, &other, 1)
	if e.Follow(nil, false, t0); letter(e) != "u" || e.Checks().On {
		t.Errorf("switched off: got %s", letter(e))
	}
}

func TestWhatIsWorstIsShown(t *testing.T) {
	e, r := checked(lb.Healthy, true)
	fail(e, refused, 2)
	if got := e.Status(Rotation{Weight: 1}, t0); got.State != Ejected {
		t.Errorf("got %s, want ejected", got.State)
	}
	for range 3 {
		e.Examined(r, &Result{Began: t0.Add(time.Second), Cause: "status 500"})
	}
	got := e.Status(Rotation{Weight: 1}, t0)
	want := Check{At: t0.Add(time.Second), Cause: "status 500"}
	if got.State != Down || got.Reason != HealthChecks || got.Evidence != "3 checks in a row failed" || *got.LastCheck != want || !got.Until.IsZero() {
		t.Errorf("got %+v, want down by its checks", got)
	}
	if e.Checked(nil, t0.Add(time.Hour)); !e.Status(Rotation{Weight: 1}, t0).LastCheck.At.Equal(want.At) {
		t.Error("a probe has replaced the check")
	}
	if got := e.Status(Rotation{}, t0).State; got != Drained {
		t.Errorf("without weight: got %s", got)
	}
	if text := textOf(got); !strings.Contains(text, "cause=status 500") || strings.Contains(text, "fault=") {
		t.Errorf("logged %s, want the cause of the check only", text)
	}
}

// textOf is s as a log line has it.
func textOf(s Status) (text string) {
	for _, a := range s.Attrs() {
		text += a.String() + " "
	}
	return text
}

func TestBreakersAndSlowStartsAreStates(t *testing.T) {
	b := lb.NewBackend("10.0.0.1:80", 0)
	e := NewEndpoint(b)
	lb.NewGroup([]*lb.Backend{b}, lb.EjectOptions{
		SlowStart: time.Minute, Random: func() float64 { return 0.5 },
		Breaker: lb.BreakerOptions{OpenAt: 0.5, Probe: 20 * time.Second, Trials: 2},
	})
	fail(e, late, 20)
	at := func(d time.Duration) Status { return e.Status(Rotation{Weight: 1}, t0.Add(d)) }
	if got := at(0); got.State != Open || got.Reason != Failures || got.Evidence != "20 of 20 failed" || !got.Until.Equal(t0.Add(20*time.Second)) {
		t.Errorf("got %+v, want open", got)
	}
	e.Begin()
	e.End(nil, 200, 0, t0.Add(21*time.Second))
	if got := at(21 * time.Second); got.State != HalfOpen || got.Evidence != "20 of 20 failed, 1 on trial succeeded" || !got.Until.IsZero() {
		t.Errorf("got %+v, want half-open", got)
	}
	e.Begin()
	e.End(nil, 200, 0, t0.Add(22*time.Second))
	if got := at(22 * time.Second); got.State != Warming || got.Reason != SlowStart || !got.Until.Equal(t0.Add(82*time.Second)) || !got.Since.Equal(t0.Add(22*time.Second)) {
		t.Errorf("got %+v, want warming", got)
	}
	if got := at(82 * time.Second); got.State != Up {
		t.Errorf("got %+v, want up", got)
	}
}
