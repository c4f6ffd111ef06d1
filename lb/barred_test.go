package lb

import (
	"testing"
	"time"
)

func TestUnhealthyBackendsAreNotPicked(t *testing.T) {
	eachMethod(t, func(t *testing.T, o Options) {
		g, list := backends(4, EjectOptions{})
		p := NewPool(g, nil, nil, o)
		list[0].SetHealth(Unhealthy, t0)
		list[1].SetHealth(Unchecked, t0)
		if got := shares(p, 2000, nil); got[0]+got[1] > 0 || got[2] == 0 || got[3] == 0 {
			t.Errorf("got %v, want requests at the last two only", got)
		}
		list[2].SetHealth(Unhealthy, t0)
		list[3].SetHealth(Unhealthy, t0)
		if got := shares(p, 2000, nil); got[0] == 0 || got[1] == 0 || got[2] == 0 || got[3] == 0 {
			t.Errorf("nothing is left: got %v, want requests at all", got)
		}
		list[3].SetHealth(Healthy, t0)
		if got := shares(p, 2000, nil); got[3] != 2000 {
			t.Errorf("one is back: got %v, want all requests there", got)
		}
	})
}

func TestUnhealthyPrimariesMakeWayForBackups(t *testing.T) {
	eachMethod(t, func(t *testing.T, o Options) {
		g, list := backends(3, EjectOptions{})
		p := NewPool(g, nil, []bool{false, false, true}, o)
		list[0].SetHealth(Unhealthy, t0)
		list[1].SetHealth(Unhealthy, t0)
		if got := shares(p, 100, nil); got[2] != 100 {
			t.Errorf("got %v, want all requests at the backup", got)
		}
	})
}

func TestPanicCountsUnhealthyBackends(t *testing.T) {
	eachMethod(t, func(t *testing.T, o Options) {
		o.Panic = 0.5
		g, list := backends(3, EjectOptions{})
		p := NewPool(g, nil, nil, o)
		list[0].SetHealth(Unhealthy, t0)
		if got := shares(p, 300, nil); got[0] != 0 {
			t.Errorf("two of three are usable: got %v", got)
		}
		list[1].SetHealth(Unhealthy, t0)
		if got := shares(p, 300, nil); got[0] == 0 || got[1] == 0 {
			t.Errorf("one of three is usable: got %v, want requests at all", got)
		}
	})
}

func TestUnhealthyBackendsCountAsOut(t *testing.T) {
	_, list := backends(4, EjectOptions{Failures: 1, AtMost: 0.5})
	list[0].SetHealth(Unhealthy, t0)
	eject(list[1])
	eject(list[2])
	wantOut(t, list[1], 0, true)
	wantOut(t, list[2], 0, false)
	if _, refused := list[2].Ejections(); refused != 1 {
		t.Errorf("got %d refused ejections, want 1", refused)
	}
}

func TestNoTrialWhileChecksFail(t *testing.T) {
	_, list := backends(2, EjectOptions{Failures: 1, Base: time.Second})
	eject(list[0])
	list[0].SetHealth(Unhealthy, t0)
	wantTrial(t, list[0], 2*time.Second, false)
	list[0].SetHealth(Healthy, t0)
	wantTrial(t, list[0], 2*time.Second, true)
}

func TestWhatAResponseDisproves(t *testing.T) {
	for _, tc := range []struct {
		name               string
		verdict            Verdict
		connected, respond bool
	}{
		{"refused", Verdict{Ground: ByFailures, Cause: ConnectFailure}, true, true},
		{"timeouts", Verdict{Ground: ByFailures, Cause: Timeout}, false, true},
		{"cut", Verdict{Ground: ByFailures, Cause: Cut}, false, true},
		{"503", Verdict{Ground: ByFailures, Cause: Unavailable}, false, false},
		{"errors", Verdict{Ground: ByErrors, Cause: Timeout}, false, false},
		{"silent", Verdict{Ground: BySilence, Cause: Timeout}, false, true},
		{"slow", Verdict{Ground: BySlowness}, false, false},
	} {
		for proof, want := range map[Proof]bool{Connected: tc.connected, Responded: tc.respond} {
			g, list := backends(2, EjectOptions{})
			g.tryEject(list[0], tc.verdict, t0.Add(time.Second))
			if g.Restore(list[0], proof, t0, t0.Add(2*time.Second)) {
				t.Errorf("%s: a check from before has restored it", tc.name)
			}
			if got := g.Restore(list[0], proof, t0.Add(time.Second), t0.Add(2*time.Second)); got != want || list[0].Ejected() == want {
				t.Errorf("%s, proof %d: restored %v, want %v", tc.name, proof, got, want)
			}
		}
	}
}
