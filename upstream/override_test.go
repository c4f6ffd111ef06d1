package upstream

import (
	"errors"
	"strings"
	"testing"
	"time"

	"penstock/conn"
	"penstock/health"
)

// shares counts 1000 picks by address.
func shares(v *View) map[string]int {
	counts := make(map[string]int)
	for range 1000 {
		if m := v.Pick(0, nil, time.Now().UnixNano()); m != nil {
			counts[m.Backend.Address()]++
		}
	}
	return counts
}

func wantShares(t *testing.T, v *View, want map[string]int) {
	t.Helper()
	got := shares(v)
	for address, n := range got {
		if d := n - want[address]; d < -10 || d > 10 {
			t.Errorf("%s: got %d of 1000 picks, want %d", address, n, want[address])
		}
	}
	for address, n := range want {
		if got[address] == 0 && n > 0 {
			t.Errorf("%s: got no pick, want %d of 1000", address, n)
		}
	}
}

const (
	tenOne = "10.0.0.1:80"
	tenTwo = "10.0.0.2:80"
)

// tens is two backends that nobody connects to.
func tens(t testing.TB, weightOne, weightTwo int) Options {
	t.Helper()
	return Options{Name: "api", Sweeper: conn.NewSweeper(time.Second), Backends: []BackendOptions{
		{Scheme: "http", Host: "10.0.0.1", Port: 80, Weight: weightOne},
		{Scheme: "http", Host: "10.0.0.2", Port: 80, Weight: weightTwo},
	}}
}

func TestSetBackend(t *testing.T) {
	made, err := NewCluster(tens(t, 1, 1))
	c := must(t, made, err)
	plain, own := c.View("plain", nil), c.View("own", map[string]int{tenOne: 3})
	set := func(address string, weight *int, drain *bool) {
		t.Helper()
		if err := c.SetBackend(address, weight, drain); err != nil {
			t.Fatal(err)
		}
	}
	set(tenOne, new(4), nil)
	wantShares(t, plain, map[string]int{tenOne: 800, tenTwo: 200})
	wantShares(t, own, map[string]int{tenOne: 750, tenTwo: 250}) // the route's own weight stays

	set(tenOne, nil, new(true))
	wantShares(t, plain, map[string]int{tenTwo: 1000})
	wantShares(t, own, map[string]int{tenTwo: 1000}) // but a drain is for all
	if got := c.State()[0]; got.State != health.Drained || got.Reason != health.Operator || got.Since.IsZero() || got.Weight != 0 || got.Configured != 1 {
		t.Errorf("got %+v, want drained by an operator, weight 0 instead of 1", got)
	}
	set(tenOne, nil, new(false))
	wantShares(t, plain, map[string]int{tenOne: 800, tenTwo: 200}) // the weight was not forgotten

	set(tenOne, new(0), nil)
	wantShares(t, own, map[string]int{tenTwo: 1000})
}

func TestSetBackendRefuses(t *testing.T) {
	made, err := NewCluster(tens(t, 1, 1))
	c := must(t, made, err)
	if err := c.SetBackend("10.0.0.3:80", new(1), nil); !errors.Is(err, ErrUnknownBackend) || !strings.Contains(err.Error(), "upstreams.api: 10.0.0.3:80") {
		t.Errorf("got %v, want ErrUnknownBackend with upstream and address", err)
	}
	for _, w := range []int{-1, 1001} {
		if err := c.SetBackend(tenOne, &w, nil); err == nil || errors.Is(err, ErrUnknownBackend) {
			t.Errorf("weight %d: got %v, want a refusal", w, err)
		}
	}
}

func TestSetBackendOfAName(t *testing.T) {
	made, err := NewCluster(Options{Name: "web", Sweeper: newSweeper(t), Backends: []BackendOptions{
		{Scheme: "http", Host: "web", Port: 80, Weight: 1, Source: new(fakeSource)},
		{Scheme: "http", Host: "10.0.0.9", Port: 80, Weight: 1},
	}})
	c := must(t, made, err)
	c.Update(0, endpointsOf(tenOne, tenTwo))
	v := c.View("r", nil)
	if err := c.SetBackend("web:80", new(2), nil); err != nil {
		t.Fatal(err)
	}
	wantShares(t, v, map[string]int{tenOne: 400, tenTwo: 400, "10.0.0.9:80": 200})
	if err := c.SetBackend(tenTwo, new(7), nil); err != nil { // the single address wins
		t.Fatal(err)
	}
	wantShares(t, v, map[string]int{tenOne: 200, tenTwo: 700, "10.0.0.9:80": 100})
	c.Update(0, endpointsOf(tenOne))
	c.Update(0, endpointsOf(tenOne, tenTwo)) // back again, and not forgotten
	wantShares(t, v, map[string]int{tenOne: 200, tenTwo: 700, "10.0.0.9:80": 100})
}

func TestSetBackendSurvivesReloadUntilItsEntryChanges(t *testing.T) {
	o := tens(t, 1, 1)
	made, err := NewCluster(o)
	first := must(t, made, err)
	if err := first.SetBackend(tenOne, new(3), nil); err != nil {
		t.Fatal(err)
	}
	made, err = NewClusterFrom(first, o)
	wantShares(t, must(t, made, err).View("same", nil), map[string]int{tenOne: 750, tenTwo: 250})

	o = tens(t, 1, 2)
	made, err = NewClusterFrom(first, o)
	second := must(t, made, err)
	wantShares(t, second.View("another entry changed", nil), map[string]int{tenOne: 600, tenTwo: 400})

	o = tens(t, 2, 2)
	made, err = NewClusterFrom(second, o)
	wantShares(t, must(t, made, err).View("its entry changed", nil), map[string]int{tenOne: 500, tenTwo: 500})
	wantShares(t, second.View("another entry changed", nil), map[string]int{tenOne: 600, tenTwo: 400})
}
