package ratelimit

import (
	"testing"
	"time"
)

func TestRateSaysWhatIsLeft(t *testing.T) {
	r := NewRate(10, time.Second, 5) // one each 100 ms
	const step = int64(100 * time.Millisecond)
	for _, tc := range []struct {
		name     string
		tat, now int64
		want     State
		wait     int64
	}{
		{"nothing used", 0, 10 * step, State{5, 0}, -4 * step},
		{"a TAT of the past is nothing used", 9 * step, 10 * step, State{5, 0}, -4 * step},
		{"one used: it is back after one interval", 11 * step, 10 * step, State{4, time.Duration(step)}, -3 * step},
		{"half of one is back", 11*step - step/2, 10 * step, State{4, time.Duration(step / 2)}, -3*step - step/2},
		{"the last one is left", 14 * step, 10 * step, State{1, time.Duration(step)}, 0},
		{"none is left", 15 * step, 10 * step, State{0, time.Duration(step)}, step},
		{"a clock that went back leaves less than none", 17 * step, 10 * step, State{0, time.Duration(3 * step)}, 3 * step},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := r.state(tc.tat, tc.now); got != tc.want {
				t.Errorf("state: got %+v, want %+v", got, tc.want)
			}
			if got := r.wait(tc.tat, tc.now); got != tc.wait {
				t.Errorf("wait: got %v, want %v", got, tc.wait)
			}
		})
	}
}

// TestPaceSpreadsEvents lets events come as soon as they may: after the burst they keep the rate.
func TestPaceSpreadsEvents(t *testing.T) {
	var p Pace
	if got := p.Next(0); got != 0 {
		t.Errorf("without a rate: waits %v", got)
	}
	p.Set(1000, time.Second, 100)
	now, events := int64(0), 0
	for ; now < 10*second; events++ {
		now += int64(p.Next(now))
	}
	if events < 10_090 || events > 10_110 {
		t.Errorf("got %d events in 10 s, want 10000 and the burst of 100", events)
	}
	p.Set(1000, time.Second, 100)
	if p.Next(now) == 0 {
		t.Error("the same rate again forgets what was used")
	}
	p.Set(1, time.Hour, 1)
	p.Next(now)
	p.Set(0, time.Second, 1)
	if got := p.Next(now); got != 0 {
		t.Errorf("switched off: waits %v", got)
	}
}
