package lb

import "testing"

// places is a Gate: each backend admits as many attempts as its count says.
type places map[*Backend]int

func (r places) Admit(b *Backend) bool {
	if r[b] == 0 {
		return false
	}
	r[b]--
	return true
}

func TestTheOnlyBackendWithRoomIsFound(t *testing.T) {
	eachMethod(t, func(t *testing.T, o Options) {
		for _, n := range []int{1, 2, 3, 40} {
			g, list := backends(n, EjectOptions{})
			p := NewPool(g, nil, nil, o)
			for i := range n {
				gate := places{list[i]: 1}
				if b, full := p.PickAdmitted(42, nil, t0.UnixNano(), gate); b != list[i] || full {
					t.Fatalf("%d backends: got %v and full %v, want %s", n, b, full, list[i].Address())
				}
				if b, full := p.PickAdmitted(42, nil, t0.UnixNano(), gate); b != nil || !full {
					t.Fatalf("%d full backends: got %v and full %v, want none and true", n, b, full)
				}
			}
		}
	})
}

func TestFullBackendsDoNotMakeWayForEjectedOnesOrBackups(t *testing.T) {
	eachMethod(t, func(t *testing.T, o Options) {
		g, list := backends(4, EjectOptions{Failures: 1, AtMost: 1})
		p := NewPool(g, nil, []bool{false, false, true, true}, o)
		eject(list[0])
		gate := places{list[0]: 9, list[2]: 9, list[3]: 9}
		if b, full := p.PickAdmitted(42, nil, t0.UnixNano(), gate); b != nil || !full {
			t.Errorf("the only primary that is up is full: got %v and full %v, want none and true", b, full)
		}
		for i, want := range []bool{false, true, false, false} {
			if got := p.Offers(list[i], nil); got != want {
				t.Errorf("backend %d: offered %v, want %v", i, got, want)
			}
		}
		eject(list[1])
		if b, full := p.PickAdmitted(42, nil, t0.UnixNano(), gate); b != list[2] && b != list[3] || full {
			t.Errorf("no primary is up: got %v and full %v, want a backup", b, full)
		}
	})
}

func TestTriedBackendsAreNotAdmitted(t *testing.T) {
	eachMethod(t, func(t *testing.T, o Options) {
		g, list := backends(3, EjectOptions{})
		p := NewPool(g, nil, nil, o)
		var tried Set
		tried.Add(list[1])
		gate := places{list[1]: 1}
		if b, full := p.PickAdmitted(42, &tried, t0.UnixNano(), gate); b != nil || !full || p.Offers(list[1], &tried) {
			t.Errorf("got %v and full %v, want none and true", b, full)
		}
		tried.Add(list[0])
		tried.Add(list[2])
		if b, full := p.PickAdmitted(42, &tried, t0.UnixNano(), gate); b != nil || full {
			t.Errorf("all tried: got %v and full %v, want none and false", b, full)
		}
	})
}

func TestPickAdmittedDoesNotAllocate(t *testing.T) {
	g, list := backends(40, EjectOptions{})
	p := NewPool(g, nil, nil, Options{Seed: 7})
	gate := places{list[39]: 0}
	var of Gate = gate
	if got := testing.AllocsPerRun(100, func() { p.PickAdmitted(42, nil, t0.UnixNano(), of) }); got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}
