package upstream

import (
	"context"
	"sync"
	"testing"
	"time"

	"penstock/lb"
)

func TestViewsHaveTheirOwnWeights(t *testing.T) {
	o := tens(t, 5, 3)
	o.Backends = append(o.Backends, BackendOptions{Scheme: "http", Host: "10.0.0.3", Port: 80, Weight: 0})
	made, err := NewCluster(o)
	c := must(t, made, err)
	wantShares(t, c.View("plain", nil), map[string]int{tenOne: 625, tenTwo: 375})
	wantShares(t, c.View("own", map[string]int{tenOne: 1, "10.0.0.3:80": 1}), map[string]int{tenOne: 200, tenTwo: 600, "10.0.0.3:80": 200})
	wantShares(t, c.View("out", map[string]int{tenOne: 0}), map[string]int{tenTwo: 1000})
}

func TestViewWeightOfANameHoldsForEachAddress(t *testing.T) {
	made, err := NewCluster(Options{Name: "web", Sweeper: newSweeper(t), Backends: []BackendOptions{
		{Scheme: "http", Host: "web", Port: 80, Weight: 9, Source: new(fakeSource)},
		{Scheme: "http", Host: "10.0.0.9", Port: 80, Weight: 2},
	}})
	c := must(t, made, err)
	v := c.View("r", map[string]int{"web:80": 4})
	c.Update(0, endpointsOf(tenOne, tenTwo))
	wantShares(t, v, map[string]int{tenOne: 400, tenTwo: 400, "10.0.0.9:80": 200})
	c.Update(0, nil)
	wantShares(t, v, map[string]int{"10.0.0.9:80": 1000})
}

// Two routes share what is in flight: least_conn of one sees the other's load.
func TestViewsShareInFlight(t *testing.T) {
	o := tens(t, 1, 1)
	o.Balance.Method = lb.LeastConn
	made, err := NewCluster(o)
	c := must(t, made, err)
	a, b := c.View("a", nil), c.View("b", map[string]int{tenTwo: 1})
	first := a.Pick(0, nil, 0)
	first.Backend.Begin()
	for range 10 {
		if got := b.Pick(0, nil, 0); got.Backend == first.Backend {
			t.Fatalf("picked %s, which is busy with the other route's request", got.Backend.Address())
		}
	}
	if second := b.Pick(0, nil, 0); second.Client.Backend() != second.Backend {
		t.Error("Client and Backend of a member differ")
	}
}

func TestViewSkipsTriedAndUsesBackups(t *testing.T) {
	o := tens(t, 1, 1)
	o.Backends[1].Backup = true
	made, err := NewCluster(o)
	v := must(t, made, err).View("r", nil)
	wantShares(t, v, map[string]int{tenOne: 1000})
	var tried lb.Set
	for _, want := range []string{tenOne, tenTwo} {
		m := v.Pick(0, &tried, 0)
		if m == nil || m.Backend.Address() != want {
			t.Fatalf("got %+v, want %s", m, want)
		}
		tried.Add(m.Backend)
	}
	if m := v.Pick(0, &tried, 0); m != nil {
		t.Errorf("got %s although all were tried", m.Backend.Address())
	}
}

func TestViewIsTheSameForTheSameRouteAndWeights(t *testing.T) {
	made, err := NewCluster(tens(t, 1, 1))
	c := must(t, made, err)
	v := c.View("r", map[string]int{tenOne: 2, tenTwo: 3})
	if c.View("r", map[string]int{tenTwo: 3, tenOne: 2}) != v {
		t.Error("equal weights gave another view")
	}
	if c.View("r", map[string]int{tenOne: 2}) == v || c.View("s", map[string]int{tenOne: 2, tenTwo: 3}) == v {
		t.Error("other weights or another route gave the same view")
	}
	v.Release()
	if c.View("r", map[string]int{tenOne: 2, tenTwo: 3}) != v {
		t.Error("a view that was still used was forgotten")
	}
	v.Release()
	v.Release()
	if c.View("r", map[string]int{tenOne: 2, tenTwo: 3}) == v {
		t.Error("a view that nobody used was kept")
	}
	if v.Pick(0, nil, 0) == nil {
		t.Error("a released view picks nothing")
	}
}

func TestMemberHost(t *testing.T) {
	for _, tc := range []struct {
		backend BackendOptions
		want    string
	}{
		{BackendOptions{Scheme: "http", Host: "10.0.0.1", Port: 80}, "10.0.0.1"},
		{BackendOptions{Scheme: "http", Host: "10.0.0.1", Port: 8080}, "10.0.0.1:8080"},
		{BackendOptions{Scheme: "http", Host: "::1", Port: 80}, "[::1]"},
		{BackendOptions{Scheme: "https", Host: "10.0.0.1", Port: 443}, "10.0.0.1"},
		{BackendOptions{Scheme: "https", Host: "10.0.0.1", Port: 80}, "10.0.0.1:80"},
		{BackendOptions{Scheme: "unix", Path: "/run/app.sock"}, "localhost"},
	} {
		tc.backend.Weight = 1
		made, err := NewCluster(Options{Name: "x", Sweeper: newSweeper(t), Backends: []BackendOptions{tc.backend}})
		if got := string(must(t, made, err).View("r", nil).Pick(0, nil, 0).Host); got != tc.want {
			t.Errorf("%+v: Host is %q, want %q", tc.backend, got, tc.want)
		}
	}
}

// Pool and members must always be of one list, whatever changes around a Pick.
func TestPickDuringUpdates(t *testing.T) {
	o := Options{Name: "web", Sweeper: newSweeper(t), Backends: []BackendOptions{
		{Scheme: "http", Host: "web", Port: 80, Weight: 1, Source: new(fakeSource)},
	}}
	made, err := NewCluster(o)
	c := must(t, made, err)
	lists := [][]string{{tenOne}, {tenTwo, tenOne}, {"10.0.0.3:80", tenTwo}}
	c.Update(0, endpointsOf(lists[0]...))
	v := c.View("r", nil)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				m := v.Pick(0, nil, 0)
				if m == nil || m.Client.Backend() != m.Backend {
					t.Errorf("got %+v, want a member whose client and backend agree", m)
					return
				}
				m.Backend.Begin()
				m.Backend.End(lb.Success, time.Millisecond, time.Now())
			}
		})
	}
	for i := range 300 {
		c.Update(0, endpointsOf(lists[i%len(lists)]...))
		if i%10 == 0 {
			o.Eject.Failures++
			made, err := NewClusterFrom(c, o)
			if err != nil {
				t.Fatal(err)
			}
			made.View("r", nil).Pick(0, nil, 0)
			go func() { _ = made.Shutdown(context.Background()) }()
		}
	}
	close(stop)
	wg.Wait()
}

func BenchmarkPick(b *testing.B) {
	c, err := NewCluster(tens(b, 5, 3))
	if err != nil {
		b.Fatal(err)
	}
	v := c.View("r", nil)
	b.ReportAllocs()
	for b.Loop() {
		v.Pick(1, nil, 1)
	}
}
