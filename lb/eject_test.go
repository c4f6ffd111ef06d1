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

// wantOut fails unless b is ejected (or not) at t0+at.
func wantOut(t *testing.T, b *Backend, at time.Duration, want bool) {
	t.Helper()
	if got := b.Ejected(t0.Add(at).UnixNano()); got != want {
		t.Errorf("at %v: got ejected %v, want %v", at, got, want)
	}
}

func TestConsecutiveConnectionFailuresEject(t *testing.T) {
	_, list := backends(3, EjectOptions{Failures: 5})
	b := list[0]
	failTimes(b, 4, 0)
	wantOut(t, b, 0, false)
	attempt(b, Timeout, 0, 0)
	attempt(b, Cut, 0, 0)
	attempt(b, Cancelled, 0, 0)
	wantOut(t, b, 0, false)
	attempt(b, Success, 0, 0)
	failTimes(b, 4, 0)
	wantOut(t, b, 0, false)
	failTimes(b, 1, 0)
	wantOut(t, b, 0, true)
	wantOut(t, b, time.Second-1, true)
	wantOut(t, b, time.Second, false)
	if got := b.Ejections(); got != 1 {
		t.Errorf("got %d ejections, want 1", got)
	}
}

func TestEjectionDoublesUntilASuccess(t *testing.T) {
	_, list := backends(3, EjectOptions{Failures: 3, Base: time.Second, Max: 5 * time.Second})
	b := list[0]
	failTimes(b, 3, 0)
	at := time.Second
	for _, pause := range []time.Duration{2 * time.Second, 4 * time.Second, 5 * time.Second, 5 * time.Second} {
		wantOut(t, b, at, false)
		failTimes(b, 1, at) // one is enough while nothing has succeeded
		wantOut(t, b, at+pause-1, true)
		at += pause
	}
	wantOut(t, b, at, false)
	attempt(b, Success, at, 0)
	failTimes(b, 2, at)
	wantOut(t, b, at, false)
	failTimes(b, 1, at)
	wantOut(t, b, at+time.Second-1, true)
	wantOut(t, b, at+time.Second, false)
}

func TestAttemptsFromBeforeTheEjectionSayNothing(t *testing.T) {
	_, list := backends(3, EjectOptions{Failures: 2})
	b := list[0]
	failTimes(b, 2, 0)
	// Begun before the ejection, failed after its end: a slow connect.
	attempt(b, ConnectFailure, 1500*time.Millisecond, 2*time.Second)
	wantOut(t, b, 1500*time.Millisecond, false)
	// Begun before it, with a response during it: does not reset the doubling.
	attempt(b, Success, 1600*time.Millisecond, 2*time.Second)
	failTimes(b, 1, 2*time.Second)
	wantOut(t, b, 4*time.Second-1, true)
}

func TestASuccessDuringTheEjectionEndsIt(t *testing.T) {
	_, list := backends(2, EjectOptions{Failures: 1, Base: 10 * time.Second, AtMost: 1})
	b := list[0]
	failTimes(b, 1, 0)
	attempt(b, Success, 3*time.Second, time.Second) // as nothing else was left
	wantOut(t, b, 3*time.Second, false)
	if s := b.Standing(t0.Add(4 * time.Second)); !s.Since.Equal(t0.Add(2 * time.Second)) {
		t.Errorf("got up since %v, want %v", s.Since, t0.Add(2*time.Second))
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
		{"all when wanted", 5, 1, 5},
		{"never more than all", 3, 7, 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, list := backends(tc.n, EjectOptions{Failures: 1, AtMost: tc.atMost})
			out := 0
			for _, b := range list {
				failTimes(b, 3, 0)
				if b.Ejected(t0.UnixNano()) {
					out++
				}
			}
			if out != tc.want {
				t.Errorf("%d backends, at most %v: got %d out, want %d", tc.n, tc.atMost, out, tc.want)
			}
		})
	}
}

func TestARefusedEjectionHappensWhenThereIsRoom(t *testing.T) {
	_, list := backends(2, EjectOptions{Failures: 2})
	failTimes(list[0], 2, 0)
	failTimes(list[1], 5, 0)
	wantOut(t, list[1], 0, false)
	failTimes(list[1], 1, time.Second) // the other is back by now
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
	if g.Restore(b, t0) {
		t.Error("restored a backend that is up")
	}
	failTimes(b, 2, 0)
	if !g.Restore(b, t0.Add(time.Second)) {
		t.Error("did not restore an ejected backend")
	}
	wantOut(t, b, time.Second, false)
	// Attempts that had begun before the probe do not count against the backend.
	attempt(b, ConnectFailure, 2*time.Second, 90*time.Minute)
	wantOut(t, b, 2*time.Second, false)
	failTimes(b, 1, 2*time.Second)
	wantOut(t, b, 18*time.Second-1, true)
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
	if !both.quiet(t0.UnixNano()) {
		t.Error("not quiet before any ejection")
	}
	failTimes(right[0], 1, 0)
	if both.quiet(t0.UnixNano()) || !both.quiet(t0.Add(time.Second).UnixNano()) {
		t.Error("an ejection in the second half is not seen, or never ends")
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
