package upstream

import (
	"log/slog"
	"testing"
	"time"

	"penstock/health"
	"penstock/lb"
)

// clusterWithEjected makes a cluster whose first backend has gone, and whose
// ejections last for an hour.
func clusterWithEjected(t *testing.T, gone *testOrigin, change func(*Options)) (*Cluster, messages) {
	t.Helper()
	said := make(messages, 1000)
	o := literals(t, gone, newTestOrigin(t), 1, 1)
	o.Log = slog.New(said)
	o.Eject = lb.EjectOptions{Failures: 1, Base: time.Hour, Max: time.Hour}
	o.probeEvery = time.Millisecond
	change(&o)
	made, err := NewCluster(o)
	c := must(t, made, err)
	if err := gone.StopListening(); err != nil {
		t.Fatal(err)
	}
	return c, said
}

func TestProbeEndsAnEjection(t *testing.T) {
	gone := newTestOrigin(t)
	c, said := clusterWithEjected(t, gone, func(*Options) {})
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	v := c.View("r", nil)
	fail(pickAll(v)[gone.Address], 1)
	for _, want := range []string{"backend ejected", "backend cannot be connected to yet", "backend cannot be connected to yet"} {
		if got := within(t, want, said); got != want {
			t.Fatalf("log: got %q, want %q", got, want)
		}
	}
	if got := c.State()[0].State; got != health.Ejected {
		t.Fatalf("state %s while nobody listens, want ejected", got)
	}
	startOrigin(t, "tcp", gone.Address)
	for within(t, "restored", said) != "backend up: a probe has connected to it" {
	}
	if got := c.State()[0]; got.State != health.Up || got.Ejections[lb.ByFailures] != 1 {
		t.Errorf("got %+v, want up after one ejection", got)
	}
	wantShares(t, v, map[string]int{gone.Address: 500, c.State()[1].Address: 500})
}

// The next generation goes on probing what the old one saw fail.
func TestProbeAfterReload(t *testing.T) {
	gone := newTestOrigin(t)
	prev, said := clusterWithEjected(t, gone, func(*Options) {})
	fail(pickAll(prev.View("r", nil))[gone.Address], 1) // prev is not started: it probes nothing
	startOrigin(t, "tcp", gone.Address)
	o := prev.o
	o.Balance.Method = lb.P2C
	made, err := NewClusterFrom(prev, o)
	next := must(t, made, err)
	if err := next.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for within(t, "restored", said) != "backend up: a probe has connected to it" {
	}
	if got := prev.State()[0].State; got != health.Up {
		t.Errorf("the old generation sees %s, want up", got)
	}
}

func TestProbeStopsWithTheCluster(t *testing.T) {
	gone := newTestOrigin(t)
	c, said := clusterWithEjected(t, gone, func(o *Options) { o.probeEvery = time.Hour })
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	fail(pickAll(c.View("r", nil))[gone.Address], 1)
	within(t, "ejected", said)
	if err := c.Shutdown(t.Context()); err != nil { // waits for the prober
		t.Fatal(err)
	}
}

func TestProbeSurvivesAPanic(t *testing.T) {
	c, said := clusterWithEjected(t, newTestOrigin(t), func(*Options) {})
	c.probeOne(new(endpoint)) // without a dialer
	if got := within(t, "log", said); got != "probe panicked" {
		t.Errorf("log: got %q, want the panic", got)
	}
}
