package lb

import (
	"encoding/binary"
	"math"
	"slices"
	"strconv"
	"testing"
	"time"
)

// keyOf returns the hash of the n-th test key.
func keyOf(n int) uint64 {
	return Hash(binary.LittleEndian.AppendUint32(nil, uint32(n)))
}

// placement returns the address that each of n keys goes to without load.
func placement(p *Pool, n int) []string {
	var at []string
	for i := range n {
		at = append(at, p.Pick(keyOf(i), nil, t0.UnixNano()).Address())
	}
	return at
}

func TestHashDependsOnAddressesOnly(t *testing.T) {
	g, list := backends(20, EjectOptions{})
	before := placement(NewPool(g, nil, nil, Options{Method: ConsistentHash}), 5000)

	var again []*Backend
	for _, b := range list {
		again = append(again, NewBackend(b.Address(), 100-b.Index()))
	}
	slices.Reverse(again)
	after := placement(NewPool(NewGroup(again, EjectOptions{}), nil, nil, Options{Method: ConsistentHash}), 5000)
	if !slices.Equal(before, after) {
		t.Error("new backends with the same addresses in another order moved keys")
	}
}

func TestHashPlacementIsFixed(t *testing.T) {
	// Other values would move every key of every user at an upgrade.
	for text, want := range map[string]uint64{"": 0x2CE9341C4C15AC6E, "10.0.0.1": 0x6E202746C409FD4C, "a longer key than eight bytes": 0x4FB90C31D9B0C56} {
		if got := Hash([]byte(text)); got != want {
			t.Errorf("%q: got %#x, want %#x", text, got, want)
		}
	}
	g, _ := backends(5, EjectOptions{})
	places := ""
	p := NewPool(g, []int{5, 3, 1, 1, 1}, nil, Options{Method: ConsistentHash})
	for i := range 40 {
		places += strconv.Itoa(p.Pick(keyOf(i), nil, t0.UnixNano()).Index())
	}
	if want := "4202101004211230000011013040004132201021"; places != want {
		t.Errorf("got keys at %s, want %s", places, want)
	}
}

func TestHashIsEvenOverManyBackends(t *testing.T) {
	g, _ := backends(100, EjectOptions{})
	wantShares(t, shares(NewPool(g, nil, nil, Options{Method: ConsistentHash}), 200_000, nil), onesOf(100), 0.2)
}

func TestHashFollowsWeights(t *testing.T) {
	g, _ := backends(4, EjectOptions{})
	weights := []int{500, 300, 100, 1}
	got := shares(NewPool(g, weights, nil, Options{Method: ConsistentHash, Bound: -1}), 250_000, nil)
	wantShares(t, got[:3], weights[:3], 0.03)
	if got[3] == 0 || got[3] > 600 {
		t.Errorf("weight 1 of 901: got %d of 250000 picks, want about 277", got[3])
	}
}

func TestHashRemovalMovesOnlyItsShare(t *testing.T) {
	const keys = 10_000
	g, list := backends(10, EjectOptions{Failures: 1})
	o := Options{Method: ConsistentHash}
	before := placement(NewPool(g, nil, nil, o), keys)
	gone := list[3].Address()

	check := func(how string, after []string, want func(was, is string) bool) {
		t.Helper()
		moved, heirs := 0, map[string]int{}
		for i := range before {
			if before[i] != after[i] {
				moved++
				heirs[after[i]]++
				if !want(before[i], after[i]) {
					t.Fatalf("%s: key %d went from %s to %s", how, i, before[i], after[i])
				}
			}
		}
		if moved < keys/15 || moved > keys/7 {
			t.Errorf("%s: %d of %d keys moved, want about a tenth", how, moved, keys)
		}
		for heir, n := range heirs {
			if len(heirs) > 1 && n > moved/5 {
				t.Errorf("%s: %s inherited %d of %d keys, want about a ninth", how, heir, n, moved)
			}
		}
	}
	rest := slices.Delete(slices.Clone(list), 3, 4)
	removed := placement(NewPool(NewGroup(rest, EjectOptions{}), nil, nil, o), keys)
	check("removed", removed, func(was, _ string) bool { return was == gone })

	g = NewGroup(list, EjectOptions{Failures: 1})
	drained := NewPool(g, []int{1, 1, 1, 0, 1, 1, 1, 1, 1, 1}, nil, o)
	check("drained", placement(drained, keys), func(was, _ string) bool { return was == gone })

	ejected := NewPool(g, nil, nil, o)
	eject(list[3])
	check("ejected", placement(ejected, keys), func(was, _ string) bool { return was == gone })

	more := NewGroup(append(slices.Clone(rest), NewBackend("10.9.9.9:80", 10)), EjectOptions{})
	before = removed
	check("added", placement(NewPool(more, nil, nil, o), keys), func(_, is string) bool { return is == "10.9.9.9:80" })
}

func TestHashWeightChangeMovesOnlyTheDifference(t *testing.T) {
	g, list := backends(4, EjectOptions{})
	o := Options{Method: ConsistentHash}
	before := placement(NewPool(g, []int{2, 2, 2, 2}, nil, o), 10_000)
	after := placement(NewPool(g, []int{1, 2, 2, 2}, nil, o), 10_000)
	moved := 0
	for i := range before {
		if before[i] != after[i] {
			moved++
			if before[i] != list[0].Address() {
				t.Fatalf("key %d moved from %s, which has kept its weight", i, before[i])
			}
		}
	}
	if want := 10_000 * (1./4 - 1./7); math.Abs(float64(moved)-want) > 0.1*want {
		t.Errorf("%d keys moved, want about %.0f", moved, want)
	}
}

func TestHashBoundedLoadHoldsTheBound(t *testing.T) {
	for _, tc := range []struct {
		name    string
		bound   float64
		weights []int
		out     int // backends that are ejected
	}{
		{"default bound", 0, []int{1, 1, 1, 1, 1}, 0},
		{"tight bound", 1.01, []int{1, 1, 1, 1, 1}, 0},
		{"weights", 1.25, []int{5, 3, 1, 1, 1}, 0},
		{"one ejected", 1.25, []int{5, 3, 1, 1, 1}, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g, list := backends(5, EjectOptions{Failures: 1, Base: time.Hour, Max: time.Hour})
			for _, b := range list[:tc.out] {
				eject(b)
			}
			sum := 0
			for _, w := range tc.weights[tc.out:] {
				sum += w
			}
			bound := tc.bound
			if bound == 0 {
				bound = 1.25
			}
			w := &world{
				pool: NewPool(g, tc.weights, nil, Options{Method: ConsistentHash, Bound: tc.bound}), clients: 100, parallel: true,
				service: []time.Duration{3 * time.Millisecond, 4 * time.Millisecond, 5 * time.Millisecond, 6 * time.Millisecond, 7 * time.Millisecond},
				key:     func(client int) uint64 { return keyOf(client % 3) }, // three hot keys
			}
			w.observe = func(b *Backend, _ time.Time) {
				all := int64(0)
				for _, o := range list {
					all += o.InFlight()
				}
				limit := int64(math.Ceil(bound * float64(all) * float64(tc.weights[b.Index()]) / float64(sum)))
				if b.InFlight() > limit {
					t.Fatalf("%s has %d of %d in flight, want at most %d", b.Address(), b.InFlight(), all, limit)
				}
			}
			w.run(5000)
		})
	}
}

func TestHashUnboundedKeepsAHotKeyTogether(t *testing.T) {
	g, list := backends(5, EjectOptions{})
	p := NewPool(g, nil, nil, Options{Method: ConsistentHash, Bound: -1})
	home := p.Pick(keyOf(1), nil, t0.UnixNano())
	for range 1000 {
		if b := p.Pick(keyOf(1), nil, t0.UnixNano()); b != home {
			t.Fatalf("got %s, want %s whatever its load", b.Address(), home.Address())
		}
		list[home.Index()].Begin()
	}
}

func TestHashSpreadsSimilarKeys(t *testing.T) {
	var buckets [64]int
	const n = 64_000
	for i := range n {
		buckets[keyOf(i)>>58]++
	}
	chi := 0.0
	for _, c := range buckets {
		d := float64(c) - n/64
		chi += d * d / (n / 64)
	}
	if chi > 120 { // 63 degrees of freedom: 103 is 0.1 %
		t.Errorf("64000 counting keys over 64 buckets: chi² %.1f, want below 120", chi)
	}
	if Hash([]byte("a")) == Hash([]byte("a\x00")) || Hash(nil) == Hash([]byte{0}) {
		t.Error("trailing zero bytes do not change the hash")
	}
}
