package upstream

import (
	"context"
	"errors"
	"testing"

	"penstock/health"
)

func TestUpdateKeepsUnchangedAddresses(t *testing.T) {
	a, b, c := newTestOrigin(t), newTestOrigin(t), newTestOrigin(t)
	source := &fakeSource{first: []string{a.Address, b.Address}}
	o := Options{Name: "web", Sweeper: newSweeper(t), Pool: neverIdle(), Backends: []BackendOptions{
		{Scheme: "http", Host: "web", Port: 9000, Weight: 1, Source: source},
	}}
	made, err := NewCluster(o)
	cluster := must(t, made, err)
	if err := cluster.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	view := cluster.View("route", nil)
	defer view.Release()
	before := pickAll(view)
	for address, m := range before {
		if got := get(t, m, "/"); got != address {
			t.Errorf("the member of %s was answered by %s", address, got)
		}
	}
	busy := before[b.Address]
	finished := make(chan string)
	go func() { finished <- get(t, busy, "/hold") }()
	within(t, "request under way", b.arrived)

	source.emit(a.Address, c.Address)
	after := pickAll(view)
	if len(after) != 2 || after[b.Address] != nil || after[c.Address] == nil {
		t.Fatalf("after the update the view has %v, want %s and %s", after, a.Address, c.Address)
	}
	if after[a.Address].Client != before[a.Address].Client || after[a.Address].Backend != before[a.Address].Backend {
		t.Error("the unchanged address got a new client or backend")
	}
	get(t, after[a.Address], "/")
	if got := a.Connections(); got != 1 {
		t.Errorf("the unchanged address was connected to %d times, want once", got)
	}

	b.proceed <- struct{}{}
	if got := within(t, "running request", finished); got != b.Address {
		t.Errorf("the running request of the vanished address got %q", got)
	}
	within(t, "connection of the vanished address closed", b.gone)
	if got := get(t, busy, "/"); got != b.Address {
		t.Errorf("a request that had picked the vanished address got %q", got)
	}
	within(t, "its connection closed, too", b.gone)
}

func TestUpdateClosesIdleConnectionsOfVanished(t *testing.T) {
	a, b := newTestOrigin(t), newTestOrigin(t)
	made, err := NewCluster(Options{Name: "web", Sweeper: newSweeper(t), Pool: neverIdle(), Backends: []BackendOptions{
		{Scheme: "http", Host: "web", Port: 9000, Weight: 1, Source: new(fakeSource)},
	}})
	cluster := must(t, made, err)
	cluster.Update(0, endpointsOf(a.Address, b.Address))
	view := cluster.View("route", nil)
	get(t, pickAll(view)[b.Address], "/")
	cluster.Update(0, endpointsOf(a.Address, "no-address:80"))
	within(t, "idle connection closed", b.gone)
	if got := pickAll(view); len(got) != 1 || got[a.Address] == nil {
		t.Errorf("got %v, want only %s", got, a.Address)
	}
}

// Requests go on using a cluster that was retired, until it is shut down.
func TestRetiredClusterServesUntilShutdown(t *testing.T) {
	a, b := newTestOrigin(t), newTestOrigin(t)
	source := &fakeSource{first: []string{b.Address}}
	o := literals(t, a, b, 1, 0)
	o.Backends[1] = BackendOptions{Scheme: "http", Host: "web", Port: 80, Source: source}
	made, err := NewCluster(o)
	cluster := must(t, made, err)
	if err := cluster.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	m := cluster.View("r", nil).Pick(0, nil, 0)
	get(t, m, "/")
	cluster.Retire()
	if source.run.Err() == nil {
		t.Error("the source of a retired cluster goes on looking")
	}
	get(t, m, "/")
	if got := a.Connections(); got != 1 {
		t.Errorf("connected %d times, want once", got)
	}
	if err := cluster.Start(t.Context()); err != nil || len(cluster.running) != 1 {
		t.Errorf("a retired cluster was started again: %v", err)
	}
	for range 2 { // the second time does nothing
		if err := cluster.Shutdown(t.Context()); err != nil || !source.ended.Load() {
			t.Errorf("shutdown: %v, source stopped: %v", err, source.ended.Load())
		}
	}
	within(t, "connection closed", a.gone)
}

func TestStart(t *testing.T) {
	boom := errors.New("boom")
	for _, tc := range []struct {
		name    string
		source  *fakeSource
		wantErr error
		state   health.State
	}{
		{"found", &fakeSource{first: []string{"127.0.0.1:9"}}, nil, health.Up},
		{"not found is no error", &fakeSource{}, nil, health.Down},
		{"a source that does not run", &fakeSource{fails: boom}, boom, health.Down},
		{"ctx ends", &fakeSource{blocks: true}, context.Canceled, health.Down},
	} {
		t.Run(tc.name, func(t *testing.T) {
			made, err := NewCluster(Options{Name: "web", Sweeper: newSweeper(t), Backends: []BackendOptions{
				{Scheme: "http", Host: "web", Port: 80, Weight: 1, Source: tc.source},
			}})
			cluster := must(t, made, err)
			ctx, cancel := context.WithCancel(t.Context())
			if tc.source.blocks {
				cancel()
			}
			defer cancel()
			if err := cluster.Start(ctx); !errors.Is(err, tc.wantErr) {
				t.Errorf("got %v, want %v", err, tc.wantErr)
			}
			if got := cluster.State()[0]; got.State != tc.state || got.Entry != "web:80" {
				t.Errorf("got %+v, want web:80 %s", got, tc.state)
			}
			if err := cluster.Shutdown(t.Context()); err != nil || !tc.source.ended.Load() {
				t.Errorf("shutdown: %v; source stopped: %v", err, tc.source.ended.Load())
			}
			cluster.Update(0, endpointsOf("127.0.0.1:10")) // too late
			if got := len(cluster.list.own); got > 1 || got == 1 && cluster.list.own[0].key.address != "127.0.0.1:9" {
				t.Error("an ended cluster took new addresses")
			}
		})
	}
}
