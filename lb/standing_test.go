package lb

import (
	"testing"
	"time"
)

// check fails unless the standing of b at t0+at is the wanted one.
func check(t *testing.T, b *Backend, at time.Duration, want Standing) {
	t.Helper()
	if got := b.Standing(); !same(got, want) {
		t.Errorf("at %v: got %+v, want %+v", at, got, want)
	}
}

// same compares the times as moments, whatever zone they are in.
func same(a, b Standing) bool {
	return a.Ejected == b.Ejected && a.Failing == b.Failing && a.Verdict == b.Verdict && a.Since.Equal(b.Since) && a.Until.Equal(b.Until)
}

// clock returns t0+at.
func clock(at time.Duration) time.Time { return t0.Add(at) }

func TestStandingOfAnEjection(t *testing.T) {
	var told []Standing
	_, list := backends(2, EjectOptions{Failures: 1, OnChange: func(_ *Backend, s Standing) { told = append(told, s) }})
	b := list[1]
	check(t, b, 0, Standing{})
	failTimes(b, 1, time.Second)
	out := Standing{Ejected: true, Verdict: Verdict{Ground: ByFailures, Cause: ConnectFailure, Failed: 1, Of: 1}, Since: clock(time.Second), Until: clock(2 * time.Second)}
	check(t, b, time.Second, out)
	check(t, b, 2*time.Second, out) // on trial
	attempt(b, Success, 3*time.Second, 0)
	up := Standing{Since: clock(3 * time.Second)}
	check(t, b, 3*time.Second, up)
	if len(told) != 2 || !same(told[0], out) || !same(told[1], up) {
		t.Errorf("OnChange was told %+v, want %+v and %+v", told, out, up)
	}
}

// A backend that may not be ejected is not up for that reason.
func TestARefusedEjectionIsFailing(t *testing.T) {
	var told []Standing
	_, list := backends(2, EjectOptions{Failures: 2, OnChange: func(_ *Backend, s Standing) { told = append(told, s) }})
	failTimes(list[0], 2, 0)
	b := list[1]
	failTimes(b, 1, 0)
	check(t, b, 0, Standing{})
	failTimes(b, 9, 100*time.Millisecond)
	failing := Standing{Failing: true, Verdict: Verdict{Cause: ConnectFailure}, Since: clock(100 * time.Millisecond)}
	check(t, b, 200*time.Millisecond, failing)
	wantOut(t, b, 200*time.Millisecond, false)

	attempt(b, Success, 300*time.Millisecond, time.Second) // begun before the failures
	check(t, b, 300*time.Millisecond, failing)
	attempt(b, Success, 400*time.Millisecond, time.Millisecond)
	check(t, b, 400*time.Millisecond, Standing{Since: clock(400 * time.Millisecond)})
	if len(told) != 3 || !same(told[1], failing) || !same(told[2], Standing{Since: clock(400 * time.Millisecond)}) {
		t.Errorf("OnChange was told %+v, want the ejection of the first, failing and up", told)
	}
}

func TestALoneBackendThatRefusesIsFailing(t *testing.T) {
	_, list := backends(1, EjectOptions{Failures: 3})
	failTimes(list[0], 3, 0)
	check(t, list[0], 0, Standing{Failing: true, Verdict: Verdict{Cause: ConnectFailure}, Since: clock(0)})
}

func TestAttemptsWithoutAResponseAreFailing(t *testing.T) {
	for _, tc := range []struct {
		name     string
		options  EjectOptions
		outcomes []Outcome
		want     Outcome // the cause; Success: not failing
	}{
		{"timeouts", EjectOptions{Failures: 3}, []Outcome{Timeout, Timeout, Timeout}, Timeout},
		{"cuts", EjectOptions{Failures: 3}, []Outcome{Cut, Cut, Cut}, Cut},
		{"mixed, the latest names it", EjectOptions{Failures: 3}, []Outcome{ConnectFailure, Cut, Timeout}, Timeout},
		{"too few", EjectOptions{Failures: 3}, []Outcome{Timeout, Timeout}, Success},
		{"a success between", EjectOptions{Failures: 3}, []Outcome{Timeout, Timeout, Success, Timeout}, Success},
		{"a server error is a response", EjectOptions{Failures: 3}, []Outcome{Timeout, Timeout, ServerError, Timeout}, Success},
		{"no verdict changes nothing", EjectOptions{Failures: 3}, []Outcome{Timeout, Cancelled, Timeout, Timeout}, Timeout},
		{"ejection off: five", EjectOptions{}, []Outcome{Timeout, ConnectFailure, Cut, Timeout, ConnectFailure}, ConnectFailure},
		{"ejection off: four", EjectOptions{}, []Outcome{Timeout, ConnectFailure, Cut, Timeout}, Success},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, list := backends(1, tc.options) // which may not be ejected
			for _, o := range tc.outcomes {
				attempt(list[0], o, time.Second, time.Millisecond)
			}
			want := Standing{}
			if tc.want != Success {
				want = Standing{Failing: true, Verdict: Verdict{Cause: tc.want}, Since: clock(time.Second)}
			}
			check(t, list[0], time.Second, want)
			wantOut(t, list[0], time.Second, false)
		})
	}
}

func TestAProbeDisprovesConnectionFailuresOnly(t *testing.T) {
	for _, tc := range []struct {
		cause Outcome
		want  bool
	}{{ConnectFailure, true}, {Timeout, false}, {Cut, false}} {
		g, list := backends(1, EjectOptions{Failures: 2})
		b := list[0]
		attempt(b, tc.cause, 0, 0)
		attempt(b, tc.cause, 0, 0)
		if got := g.Restore(b, Connected, t0, t0.Add(time.Second)); got != tc.want {
			t.Errorf("outcome %d: restored %v, want %v", tc.cause, got, tc.want)
		}
		if got := b.Standing().Failing; got == tc.want {
			t.Errorf("outcome %d: failing %v after the probe", tc.cause, got)
		}
	}
}
