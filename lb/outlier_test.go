package lb

import (
	"testing"
	"time"
)

func TestWhatStandsOut(t *testing.T) {
	for _, tc := range []struct {
		name        string
		own, others tally
		want        bool
	}{
		{"all of twenty", tally{20, 20}, tally{0, 40}, true},
		{"all of twenty, one other", tally{20, 20}, tally{0, 20}, true},
		{"half of a few", tally{10, 20}, tally{0, 4}, false},
		{"half of many", tally{50, 100}, tally{2, 200}, true},
		{"a fifth of many", tally{200, 1000}, tally{0, 2000}, true},
		{"less than a fifth", tally{199, 1000}, tally{0, 2000}, false},
		{"a fifth above what the others have", tally{250, 1000}, tally{120, 2000}, false},
		{"four of twenty are chance", tally{4, 20}, tally{0, 40}, false},
		{"all fail", tally{20, 20}, tally{40, 40}, false},
		{"no others", tally{20, 20}, tally{}, false},
	} {
		if got := standsOut(tc.own, tc.others, 0.2); got != tc.want {
			t.Errorf("%s: got %v, want %v", tc.name, got, tc.want)
		}
	}
}

func TestErrorsEject(t *testing.T) {
	_, list := backends(3, EjectOptions{Errors: 0.2, Min: 20})
	for i := range 40 {
		at := time.Duration(i) * 20 * time.Millisecond
		attempt(list[1], Success, at, 0)
		attempt(list[2], Success, at, 0)
		if attempt(list[0], ServerError, at, 0); list[0].Ejected() {
			break
		}
	}
	v := list[0].Standing().Verdict
	if v.Ground != ByErrors || v.Failed != v.Of || v.Of < 20 || v.Of > 25 || v.OthersFailed != 0 || v.OthersOf != 2*v.Of {
		t.Errorf("got %+v, want an ejection after 20 to 25 attempts", v)
	}
	// After its return, its failures before do not count.
	attempt(list[0], Success, 10*time.Second, 0)
	attempt(list[0], ServerError, 11*time.Second, 0)
	wantOut(t, list[0], 11*time.Second, false)
}

func TestTheWindowForgets(t *testing.T) {
	var w window
	for period := range int64(25) {
		w.add(period, period%2 == 0)
		w.add(period, false)
	}
	if got, want := w.sum(24), (tally{5, 20}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := w.sum(30), (tally{2, 8}); got != want {
		t.Errorf("six periods later: got %v, want %v", got, want)
	}
	if got := w.sum(1000); got != (tally{}) {
		t.Errorf("long after: got %v, want nothing", got)
	}
	w.clear()
	if got := w.sum(24); got != (tally{}) {
		t.Errorf("cleared: got %v", got)
	}
}

// A slot that is full keeps its share of failures.
func TestAFullSlotCountsNoMore(t *testing.T) {
	var w window
	for i := range 2 << tallyBits {
		w.add(7, i%4 == 0)
	}
	got := w.sum(7)
	if got.of < tallyFull || got.of > tallyMask || got.failed*4 < got.of-4 || got.failed*4 > got.of+4 {
		t.Errorf("got %v, want a quarter of about %d", got, tallyFull)
	}
}

func TestPanic(t *testing.T) {
	for _, tc := range []struct {
		name    string
		panics  float64
		weights []int
		backup  []bool
		out     int // so many of the first are ejected
		want    []int
	}{
		{"0%: one of three serves", 0, []int{1, 1, 1}, nil, 2, []int{0, 0, 1}},
		{"50%: a third is too little", 0.5, []int{1, 1, 1}, nil, 2, []int{1, 1, 1}},
		{"50%: two thirds are enough", 0.5, []int{1, 1, 1}, nil, 1, []int{0, 1, 1}},
		{"50%: weight counts", 0.5, []int{1, 1, 2}, nil, 2, []int{0, 0, 1}},
		{"50%: a backup is left", 0.5, []int{1, 1, 1}, []bool{false, false, true}, 2, []int{0, 0, 1}},
		{"0%: nothing is left", 0, []int{1, 1, 0}, nil, 2, []int{1, 1, 0}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g, list := backends(3, EjectOptions{Failures: 1, AtMost: 1})
			p := NewPool(g, tc.weights, tc.backup, Options{Panic: tc.panics, Seed: 3})
			for _, b := range list[:tc.out] {
				failTimes(b, 1, 0)
			}
			wantShares(t, shares(p, 900, nil), tc.want, 0.01)
		})
	}
}
