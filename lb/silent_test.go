package lb

import (
	"testing"
	"time"
)

// hum has b respond within 10 ms in each tenth of a second after t0+from, up to t0+to.
func hum(b *Backend, from, to time.Duration) {
	for at := from + 100*time.Millisecond; at <= to; at += 100 * time.Millisecond {
		attempt(b, Success, at, 10*time.Millisecond)
	}
}

// silentPair makes two backends of which the first gets so many attempts at t0 that have
// no response.
func silentPair(waiting int) (quiet, other *Backend) {
	_, list := backends(2, EjectOptions{Silent: 2 * time.Second})
	for range waiting {
		list[0].Begin()
	}
	return list[0], list[1]
}

func TestSilenceEjects(t *testing.T) {
	quiet, other := silentPair(3)
	hum(other, 0, 2*time.Second)
	wantOut(t, quiet, 2*time.Second, false)
	hum(other, 2*time.Second, 2200*time.Millisecond)
	wantOut(t, quiet, 2200*time.Millisecond, true)
	if v := quiet.Standing().Verdict; v.Ground != BySilence || v.Waiting != 3 || v.Took < 2*time.Second {
		t.Errorf("got verdict %+v, want that 3 waited for two seconds", v)
	}
}

func TestWhatIsNoSilence(t *testing.T) {
	for _, tc := range []struct {
		name string
		do   func(quiet, other *Backend)
	}{
		{"two attempts wait", func(quiet, other *Backend) {
			quiet.End(Cancelled, time.Second, t0.Add(time.Second))
			hum(other, time.Second, time.Minute)
		}},
		{"nobody else responds", func(quiet, other *Backend) {
			hum(other, 0, 500*time.Millisecond)
		}},
		{"one response comes now and then", func(quiet, other *Backend) {
			for at := time.Duration(0); at < time.Minute; at += 1500 * time.Millisecond {
				hum(other, at, at+1500*time.Millisecond)
				attempt(quiet, ServerError, at+1500*time.Millisecond, time.Second)
			}
		}},
		{"request bodies are under way", func(quiet, other *Backend) {
			quiet.BeginTransfer()
			hum(other, 0, time.Minute)
		}},
		{"responses of this upstream take a second", func(quiet, other *Backend) {
			for at := time.Second; at < 7*time.Second; at += time.Second {
				attempt(other, Success, at, time.Second)
			}
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			quiet, other := silentPair(3)
			tc.do(quiet, other)
			wantOut(t, quiet, time.Minute, false)
		})
	}
}

func TestASilentTrialEjectsAnew(t *testing.T) {
	quiet, other := silentPair(3)
	hum(other, 0, 2200*time.Millisecond)
	for range 3 {
		quiet.End(Timeout, 2200*time.Millisecond, t0.Add(2200*time.Millisecond)) // as upstream does
	}
	wantTrial(t, quiet, 3200*time.Millisecond, true)
	quiet.Begin()
	hum(other, 3200*time.Millisecond, 5100*time.Millisecond)
	wantPause(t, quiet, 3100*time.Millisecond) // the first one still
	hum(other, 5100*time.Millisecond, 5300*time.Millisecond)
	if s := quiet.Standing(); s.Verdict.Ground != BySilence || !s.Verdict.Trial || !s.Until.After(t0.Add(7*time.Second)) {
		t.Errorf("got %+v, want a second ejection of two seconds", s)
	}
}

// The attempt that is on trial may have been given up before it began: another follows.
func TestATrialThatNeverBeganIsNotTheLast(t *testing.T) {
	quiet, other := silentPair(3)
	hum(other, 0, 2200*time.Millisecond)
	for range 3 {
		quiet.End(Timeout, 2200*time.Millisecond, t0.Add(2200*time.Millisecond))
	}
	wantTrial(t, quiet, 4*time.Second, true)
	hum(other, 4*time.Second, 7*time.Second)
	wantTrial(t, quiet, 10*time.Second, true)
}
