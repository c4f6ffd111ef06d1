package lb

import (
	"sync"
	"testing"
	"time"
)

// attempt is one attempt at b that takes so long and ends at t0+at.
func attempt(b *Backend, o Outcome, at, took time.Duration) {
	b.Begin()
	b.End(o, took, t0.Add(at))
}

// failTimes makes n instant connection failures at t0+at.
func failTimes(b *Backend, n int, at time.Duration) {
	for range n {
		attempt(b, ConnectFailure, at, 0)
	}
}

// wantOut fails unless b is ejected, on trial included, or not.
func wantOut(t *testing.T, b *Backend, at time.Duration, want bool) {
	t.Helper()
	if got := b.Ejected(); got != want {
		t.Errorf("at %v: got ejected %v, want %v", at, got, want)
	}
}

// wantTrial fails unless b may be picked for a trial at t0+at, or not. It takes the trial.
func wantTrial(t *testing.T, b *Backend, at time.Duration, want bool) {
	t.Helper()
	p := NewPool(b.group.Load(), nil, nil, Options{})
	if got := p.PickTrial(nil, true, t0.Add(at).UnixNano()) == b; got != want {
		t.Errorf("at %v: got on trial %v, want %v", at, got, want)
	}
}

// wantPause fails unless the pause of b ends at t0+at.
func wantPause(t *testing.T, b *Backend, at time.Duration) {
	t.Helper()
	if got := b.Standing().Until.Sub(t0); got != at {
		t.Errorf("got a pause until %v, want %v", got, at)
	}
}

func TestFailuresInARowEject(t *testing.T) {
	_, list := backends(3, EjectOptions{Failures: 5})
	b := list[0]
	failTimes(b, 4, 0)
	attempt(b, Cancelled, 0, 0)
	attempt(b, ServerError, 0, 0)
	wantOut(t, b, 0, false)
	failTimes(b, 4, 0)
	attempt(b, Success, 0, 0)
	for _, o := range []Outcome{Timeout, Cut, Unavailable, ConnectFailure} {
		attempt(b, o, 0, 0)
	}
	wantOut(t, b, 0, false)
	attempt(b, Cut, 0, 0)
	wantOut(t, b, 0, true)
	by, refused := b.Ejections()
	if by[ByFailures] != 1 || refused != 0 {
		t.Errorf("got %v ejections and %d refused, want one for failures", by, refused)
	}
	if v := b.Standing().Verdict; v.Ground != ByFailures || v.Cause != Cut || v.Failed != 5 || v.Of != 5 {
		t.Errorf("got verdict %+v, want 5 of 5, a cut the last", v)
	}
}

func TestAnEjectionEndsWithATrial(t *testing.T) {
	g, list := backends(3, EjectOptions{Failures: 3, Max: 20 * time.Second})
	b := list[0]
	p := NewPool(g, nil, nil, Options{})
	failTimes(b, 3, 0)
	wantTrial(t, b, time.Second-1, false)
	wantTrial(t, b, time.Second, true)
	wantTrial(t, b, 5*time.Second, false) // one at a time
	if got := shares(p, 300, nil)[0]; got != 0 {
		t.Errorf("got %d picks of a backend on trial, want none", got)
	}
	attempt(b, Cancelled, 1200*time.Millisecond, 200*time.Millisecond) // the trial had no verdict
	wantTrial(t, b, 1300*time.Millisecond, true)
	attempt(b, Abandoned, 1350*time.Millisecond, 50*time.Millisecond) // nor had the next
	wantTrial(t, b, 1360*time.Millisecond, true)
	attempt(b, ServerError, 1400*time.Millisecond, 40*time.Millisecond)
	wantPause(t, b, 3400*time.Millisecond)
	if p.PickTrial(nil, false, t0.Add(23*time.Second).UnixNano()) != nil {
		t.Error("a request that may not be sent twice is the trial before one that may")
	}
	if p.PickTrial(nil, false, t0.Add(24*time.Second).UnixNano()) != b {
		t.Error("a backend without requests that may be sent twice never gets a trial")
	}
	attempt(b, Success, 24*time.Second, 0)
	wantOut(t, b, 24*time.Second, false)
}

func TestABackupGetsNoTrialWhileAPrimaryIsUp(t *testing.T) {
	g, list := backends(3, EjectOptions{Failures: 1, AtMost: 1})
	p := NewPool(g, nil, []bool{false, true, true}, Options{})
	failTimes(list[1], 1, 0)
	if p.PickTrial(nil, true, t0.Add(time.Second).UnixNano()) != nil {
		t.Error("a backup gets a trial while the primary is up")
	}
	failTimes(list[0], 1, 0)
	if p.PickTrial(nil, true, t0.Add(time.Second).UnixNano()) != list[0] || p.PickTrial(nil, true, t0.Add(time.Second).UnixNano()) != list[1] {
		t.Error("the primary and then the backup get trials")
	}
}

func TestPausesDoubleAndAreForgivenSlowly(t *testing.T) {
	_, list := backends(3, EjectOptions{Failures: 3, Base: time.Second, Max: 5 * time.Second})
	b := list[0]
	failTimes(b, 3, 0)
	at := time.Second
	for _, pause := range []time.Duration{2 * time.Second, 4 * time.Second, 5 * time.Second, 5 * time.Second} {
		failTimes(b, 1, at) // one is enough on trial
		wantPause(t, b, at+pause)
		at += pause
	}
	attempt(b, Success, at, 0)
	failTimes(b, 2, at)
	wantOut(t, b, at, false)
	failTimes(b, 1, at)
	wantPause(t, b, at+5*time.Second) // a success alone forgives nothing
	at += 5 * time.Second
	attempt(b, Success, at, 0)
	at += 10 * time.Second // twice the longest pause
	failTimes(b, 3, at)
	wantPause(t, b, at+2*time.Second)
}

func TestPausesAreSpread(t *testing.T) {
	for random, want := range map[float64]time.Duration{0: 900 * time.Millisecond, 0.5: time.Second, 1: 1100 * time.Millisecond} {
		_, list := backends(2, EjectOptions{Failures: 1, Random: func() float64 { return random }})
		failTimes(list[0], 1, 0)
		wantPause(t, list[0], want)
	}
}

func TestAttemptsFromBeforeTheEjectionSayNothing(t *testing.T) {
	_, list := backends(3, EjectOptions{Failures: 2})
	b := list[0]
	failTimes(b, 2, 0)
	// Begun before the ejection, failed after its pause: a slow connect.
	attempt(b, ConnectFailure, 1500*time.Millisecond, 2*time.Second)
	wantPause(t, b, time.Second)
	// Begun before it, with a response during it.
	attempt(b, Success, 1600*time.Millisecond, 2*time.Second)
	wantOut(t, b, 1600*time.Millisecond, true)
	attempt(b, Success, 1700*time.Millisecond, 0)
	for range 5 { // begun before it, failed after its end
		attempt(b, Timeout, 1800*time.Millisecond, time.Second)
	}
	wantOut(t, b, 1800*time.Millisecond, false)
}

func TestASuccessDuringTheEjectionEndsIt(t *testing.T) {
	_, list := backends(2, EjectOptions{Failures: 1, Base: 10 * time.Second})
	b := list[0]
	failTimes(b, 1, 0)
	attempt(b, Success, 3*time.Second, time.Second) // as nothing else was left
	wantOut(t, b, 3*time.Second, false)
	if s := b.Standing(); !s.Since.Equal(t0.Add(3 * time.Second)) {
		t.Errorf("got up since %v, want %v", s.Since, t0.Add(3*time.Second))
	}
}

func TestAtMostSoManyAreOut(t *testing.T) {
	for _, tc := range []struct {
		name   string
		n      int
		atMost float64
		want   int
	}{
		{"a single backend never", 1, 1, 0},
		{"half of two", 2, 0, 1},
		{"half of three, rounded down", 3, 0.5, 1},
		{"at least one", 4, 0.1, 1},
		{"half of five", 5, 0.5, 2},
		{"never the last", 5, 1, 4},
		{"nor when more are wanted than there are", 3, 7, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, list := backends(tc.n, EjectOptions{Failures: 1, AtMost: tc.atMost})
			out, refusals := 0, 0
			for _, b := range list {
				failTimes(b, 3, 0)
				if b.Ejected() {
					out++
				}
				_, refused := b.Ejections()
				refusals += int(refused)
			}
			if out != tc.want || refusals != tc.n-tc.want {
				t.Errorf("%d backends, at most %v: got %d out and %d refused, want %d out and the others refused", tc.n, tc.atMost, out, refusals, tc.want)
			}
		})
	}
}

func TestARefusedEjectionHappensWhenThereIsRoom(t *testing.T) {
	_, list := backends(2, EjectOptions{Failures: 2})
	failTimes(list[0], 2, 0)
	failTimes(list[1], 5, 0)
	wantOut(t, list[1], 0, false)
	failTimes(list[1], 1, time.Second)
	if _, refused := list[1].Ejections(); refused != 2 {
		t.Errorf("got %d refused, want one for each second that an ejection would have taken", refused)
	}
	attempt(list[0], Success, time.Second, 0) // the other is back
	failTimes(list[1], 1, time.Second)
	wantOut(t, list[1], time.Second, true)
}

func TestZeroFailuresNeverEject(t *testing.T) {
	_, list := backends(3, EjectOptions{})
	failTimes(list[0], 100, 0)
	wantOut(t, list[0], 0, false)
}

func TestRestoreEndsAnEjection(t *testing.T) {
	g, list := backends(2, EjectOptions{Failures: 2, Base: 8 * time.Second})
	b := list[0]
	if g.Restore(b, Connected, t0, t0) {
		t.Error("restored a backend that is up")
	}
	failTimes(b, 2, 0)
	if !g.Restore(b, Connected, t0, t0.Add(time.Second)) {
		t.Error("did not restore an ejected backend")
	}
	wantOut(t, b, time.Second, false)
	// Attempts that had begun before the probe do not count against the backend.
	for range 2 {
		attempt(b, ConnectFailure, 2*time.Second, 90*time.Minute)
	}
	wantOut(t, b, 2*time.Second, false)
	failTimes(b, 2, 2*time.Second)
	wantPause(t, b, 18*time.Second)
}

func TestTheNextGroupKeepsState(t *testing.T) {
	_, list := backends(3, EjectOptions{Failures: 2})
	failTimes(list[0], 2, 0)
	failTimes(list[1], 1, 0)
	list[2].Begin()

	next := NewGroup([]*Backend{NewBackend("10.1.1.1:80", 3), list[2], list[1], list[0]}, EjectOptions{Failures: 2})
	wantOut(t, list[0], 0, true)
	failTimes(list[1], 1, 0)
	wantOut(t, list[1], 0, true) // its first failure still counted; two of four may be out
	if got := next.inFlight(); got != 1 {
		t.Errorf("the next group has %d in flight, want 1", got)
	}
	list[2].End(Success, 0, t0)
	if got := next.inFlight(); got != 0 {
		t.Errorf("the next group has %d in flight after the end, want 0", got)
	}
	if p := NewPool(next, nil, nil, Options{}); p.Group() != next || len(p.Group().Backends()) != 4 {
		t.Error("the pool does not know its group")
	}
}

// A backend that leaves its upstream while it is ejected does not keep the others busy
// with looking for it.
func TestAGroupIsQuietWithoutItsEjectedMember(t *testing.T) {
	g, list := backends(3, EjectOptions{Failures: 1})
	failTimes(list[0], 1, 0)
	if g.quiet() {
		t.Error("quiet with an ejected member")
	}
	if next := NewGroup(list[1:], EjectOptions{Failures: 1}); !next.quiet() {
		t.Error("not quiet without it")
	}
	if NewGroup(list, EjectOptions{Failures: 1}).quiet() {
		t.Error("quiet after it came again, ejected")
	}
}

func TestGroupsThatBeganApartCountTogether(t *testing.T) {
	_, left := backends(2, EjectOptions{Failures: 1})
	_, right := backends(2, EjectOptions{Failures: 1})
	left[0].Begin()
	right[0].Begin()
	both := NewGroup([]*Backend{left[0], right[0], NewBackend("10.1.1.1:80", 9)}, EjectOptions{Failures: 1})
	right[0].Begin()
	if got := both.inFlight(); got != 3 {
		t.Errorf("got %d in flight, want 3", got)
	}
	if !both.quiet() {
		t.Error("not quiet before any ejection")
	}
	failTimes(right[0], 1, 0)
	if both.quiet() {
		t.Error("an ejection in the second half is not seen")
	}
	attempt(right[0], Success, time.Second, 0)
	if !both.quiet() {
		t.Error("not quiet after its end")
	}
}

// TestTwoGroupsMayMeetNewBackends builds groups at once, as two configurations
// do that share an upstream during a reload.
func TestTwoGroupsMayMeetNewBackends(t *testing.T) {
	for range 50 {
		list := []*Backend{NewBackend("10.0.0.1:80", 0), NewBackend("10.0.0.2:80", 1)}
		var wg sync.WaitGroup
		var groups [2]*Group
		for i := range groups {
			wg.Go(func() { groups[i] = NewGroup(list, EjectOptions{}) })
		}
		wg.Wait()
		list[0].Begin()
		list[1].Begin()
		if a, b := groups[0].inFlight(), groups[1].inFlight(); a != 2 || b != 2 {
			t.Fatalf("got %d and %d in flight, want 2 and 2", a, b)
		}
	}
}
