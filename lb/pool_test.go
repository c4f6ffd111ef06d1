package lb

import (
	"slices"
	"testing"
)

// eachMethod runs the test for every balancing method.
func eachMethod(t *testing.T, f func(t *testing.T, o Options)) {
	for m := range methodCount {
		t.Run(m.String(), func(t *testing.T) { f(t, Options{Method: m, Seed: 7}) })
	}
}

func TestWeightZeroIsNeverPicked(t *testing.T) {
	eachMethod(t, func(t *testing.T, o Options) {
		g, _ := backends(4, EjectOptions{Failures: 1, AtMost: 1})
		for _, weights := range [][]int{{5, 0, 3, -1}, {5, 0, 3}} {
			p := NewPool(g, weights, nil, o)
			got := shares(p, 2000, nil)
			if got[1]+got[3] > 0 || got[0] == 0 || got[2] == 0 {
				t.Errorf("weights %v: got %v, want picks of 0 and 2 only", weights, got)
			}
		}
		p := NewPool(g, []int{0, 0, 0, 0}, nil, o)
		if got := shares(p, 100, nil); slices.Max(got) != 0 {
			t.Errorf("all drained: got %v, want no pick", got)
		}
	})
}

func TestTriedAreNotPickedAgain(t *testing.T) {
	eachMethod(t, func(t *testing.T, o Options) {
		for _, n := range []int{1, 2, 3, 16, 40} {
			g, list := backends(n, EjectOptions{})
			p := NewPool(g, nil, nil, o)
			var tried Set
			for range n {
				b := p.Pick(42, &tried, t0.UnixNano())
				if b == nil || tried.Has(b) {
					t.Fatalf("%d backends, %d tried: got %v, want another one", n, tried.Len(), b)
				}
				tried.Add(b)
			}
			if b := p.Pick(42, &tried, t0.UnixNano()); b != nil {
				t.Errorf("all %d tried: got %s, want none", n, b.Address())
			}
			if len(list) != tried.Len() {
				t.Errorf("got %d distinct backends, want %d", tried.Len(), len(list))
			}
		}
	})
}

func TestBackupsServeOnlyWhenTheRestIsDown(t *testing.T) {
	eachMethod(t, func(t *testing.T, o Options) {
		g, list := backends(4, EjectOptions{Failures: 1, AtMost: 1})
		isBackup := []bool{false, false, true, true}
		p := NewPool(g, nil, isBackup, o)
		if got := shares(p, 1000, nil); got[2]+got[3] > 0 {
			t.Errorf("primaries up: got %v, want no backup", got)
		}
		var tried Set
		tried.Add(list[0])
		if got := shares(p, 1000, &tried); got[1] != 1000 {
			t.Errorf("one primary tried: got %v, want the other one", got)
		}
		eject(list[1])
		if got := shares(p, 1000, &tried); got[2] == 0 || got[3] == 0 || got[0]+got[1] > 0 {
			t.Errorf("one primary tried, one ejected: got %v, want both backups", got)
		}
		drained := NewPool(g, []int{0, 0, 1, 1}, isBackup, o)
		if got := shares(drained, 1000, nil); got[2]+got[3] != 1000 {
			t.Errorf("primaries drained: got %v, want backups", got)
		}
	})
}

func TestFailsOpenWhenAllAreEjected(t *testing.T) {
	eachMethod(t, func(t *testing.T, o Options) {
		g, list := backends(3, EjectOptions{Failures: 1, AtMost: 1})
		p := NewPool(g, []int{1, 1, 0}, []bool{false, false, true}, o)
		eject(list[0])
		eject(list[1])
		if got := shares(p, 1000, nil); got[0] == 0 || got[1] == 0 || got[2] > 0 {
			t.Errorf("all ejected: got %v, want both primaries", got)
		}
		var tried Set
		tried.Add(list[1])
		if got := shares(p, 100, &tried); got[0] != 100 {
			t.Errorf("all ejected, one tried: got %v, want the other", got)
		}
	})
}

func TestManyUnusableMembers(t *testing.T) {
	eachMethod(t, func(t *testing.T, o Options) {
		g, list := backends(200, EjectOptions{Failures: 1, AtMost: 1})
		p := NewPool(g, nil, nil, o)
		for _, b := range list[:198] {
			eject(b)
		}
		got := shares(p, 4000, nil)
		if got[198]+got[199] != 4000 {
			t.Errorf("198 of 200 ejected: got %v, want only the last two", got)
		}
		if got[198] < 1500 || got[199] < 1500 {
			t.Errorf("got %d and %d picks of the last two, want about half each", got[198], got[199])
		}
	})
}

func TestPoolsOverOneGroupHaveTheirOwnShares(t *testing.T) {
	g, _ := backends(3, EjectOptions{})
	a := NewPool(g, []int{5, 3, 1}, nil, Options{})
	b := NewPool(g, []int{1, 0, 1}, nil, Options{})
	gotA, gotB := make([]int, 3), make([]int, 3)
	for range 900 {
		gotA[a.Pick(0, nil, t0.UnixNano()).Index()]++
		gotB[b.Pick(0, nil, t0.UnixNano()).Index()]++
	}
	wantShares(t, gotA, []int{5, 3, 1}, 0)
	wantShares(t, gotB, []int{1, 0, 1}, 0)
}

func TestEmptyGroup(t *testing.T) {
	eachMethod(t, func(t *testing.T, o Options) {
		g, _ := backends(0, EjectOptions{Failures: 1})
		if b := NewPool(g, nil, nil, o).Pick(1, nil, t0.UnixNano()); b != nil {
			t.Errorf("got %s, want none", b.Address())
		}
	})
}

func TestMethodNames(t *testing.T) {
	for m := range methodCount {
		if got, ok := ParseMethod(m.String()); !ok || got != m {
			t.Errorf("%q: got %v %v, want %v", m.String(), got, ok, m)
		}
	}
	if m, ok := ParseMethod("ring"); ok {
		t.Errorf(`"ring": got %v, want none`, m)
	}
}

func TestSet(t *testing.T) {
	_, list := backends(40, EjectOptions{})
	var s Set
	for i, b := range list {
		if s.Has(b) {
			t.Fatalf("backend %d is in the set before it was added", i)
		}
		s.Add(b)
		s.Add(b)
		if !s.Has(b) || s.Len() != i+1 {
			t.Fatalf("after adding backend %d: got has %v, len %d", i, s.Has(b), s.Len())
		}
	}
	s.Reset()
	for i, b := range list {
		if s.Has(b) {
			t.Errorf("backend %d survived the reset", i)
		}
	}
	if none := (*Set)(nil); none.Has(list[0]) || none.Len() != 0 {
		t.Error("a nil set is not empty")
	}
}
