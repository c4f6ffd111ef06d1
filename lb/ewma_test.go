package lb

import (
	"math"
	"testing"
	"time"
)

func wantLatency(t *testing.T, b *Backend, want time.Duration) {
	t.Helper()
	if got := b.Latency(); math.Abs(float64(got-want)) > 0.01*float64(want) {
		t.Errorf("got latency %v, want %v", got, want)
	}
}

func TestLatencyAverage(t *testing.T) {
	b := NewBackend("10.0.0.1:80", 0)
	wantLatency(t, b, 0)
	attempt(b, Success, 0, 100*time.Millisecond)
	wantLatency(t, b, 100*time.Millisecond)
	attempt(b, Success, time.Second, 400*time.Millisecond) // a peak counts at once
	wantLatency(t, b, 400*time.Millisecond)
	attempt(b, Success, 11*time.Second, 100*time.Millisecond) // one time constant later
	left := math.Exp(-1)
	wantLatency(t, b, time.Duration(left*400e6+(1-left)*100e6))
	attempt(b, Success, 200*time.Second, 0) // not measured
	attempt(b, Cancelled, 200*time.Second, time.Hour)
	wantLatency(t, b, time.Duration(left*400e6+(1-left)*100e6))
}

func TestFailuresNeverMakeABackendLookFast(t *testing.T) {
	for _, o := range []Outcome{ServerError, Timeout, ConnectFailure} {
		b := NewBackend("10.0.0.1:80", 0)
		attempt(b, Success, 0, 100*time.Millisecond)
		attempt(b, o, 20*time.Second, time.Millisecond)
		wantLatency(t, b, 100*time.Millisecond)
		attempt(b, o, 20*time.Second, 3*time.Second)
		wantLatency(t, b, 3*time.Second)
	}
}

func TestLatencyFadesWithoutSamples(t *testing.T) {
	b := NewBackend("10.0.0.1:80", 0)
	attempt(b, Success, 0, time.Second)
	for _, after := range []time.Duration{0, time.Second, 10 * time.Second, time.Minute} {
		got, known := b.latency.at(t0.Add(after).UnixNano())
		want := 1e9 * math.Exp(-after.Seconds()/10)
		if !known || math.Abs(float64(got)-want) > 0.01*want {
			t.Errorf("after %v: got %.0f ns, want %.0f", after, got, want)
		}
	}
	if got, _ := b.latency.at(t0.Add(-time.Minute).UnixNano()); got != 1e9 {
		t.Errorf("read by a clock that is behind: got %.0f ns, want 1e9", got)
	}
}
