package upstream

import (
	"crypto/tls"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"penstock/exchange"
	"penstock/health"
	"penstock/lb"
)

// attempt makes one attempt at m and reports how it ended, as the gateway does.
func attempt(m *Member) *exchange.Fault {
	m.Health.Begin()
	var resp Response
	defer resp.Reset()
	at := exchange.Attempt{Start: time.Now()}
	f := m.Client.RoundTrip(&Request{Method: []byte("GET"), Target: []byte("/"), Host: []byte("a")}, &resp, &at)
	m.Health.End(f, resp.Status, time.Since(at.Start), time.Now())
	return f
}

// The state contains why a backend failed last, in the words of the system.
func TestStateTellsTheCauseOfTheLastFailure(t *testing.T) {
	ca, stranger := newAuthority(t), newAuthority(t)
	server, _, _ := ca.issue(t, "127.0.0.1")
	secured := newSecureEcho(t, &tls.Config{Certificates: []tls.Certificate{server}}).address
	for _, tc := range []struct {
		name, scheme, address, fault, cause string
	}{
		{"refused", "http", refusing(t), "connection_refused", "connection refused"},
		{"TLS", "https", secured, "tls_certificate_error", "x509: certificate signed by unknown authority"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			at := netip.MustParseAddrPort(tc.address)
			made, err := NewCluster(Options{Name: "api", Sweeper: newSweeper(t), TLS: TLSOptions{CA: stranger.file}, Backends: []BackendOptions{
				{Scheme: tc.scheme, Host: at.Addr().String(), Port: at.Port(), Weight: 1},
			}})
			c := must(t, made, err)
			before := time.Now()
			if f := attempt(c.View("r", nil).Pick(0, nil, 0)); f == nil {
				t.Fatal("the attempt worked")
			}
			got := c.State()[0].LastFailure
			if got == nil || got.Fault != tc.fault || !strings.HasPrefix(got.Cause, tc.cause) || got.At.Before(before) {
				t.Errorf("got %+v, want %s, %q, now", got, tc.fault, tc.cause)
			}
		})
	}
}

func TestStateOfANameTellsWhyItHasNoAddress(t *testing.T) {
	at := time.Now()
	source := &fakeSource{failed: at, failedBy: &net.DNSError{Err: "no such host", Name: "web", IsNotFound: true}}
	now := at
	made, err := NewCluster(Options{Name: "web", Sweeper: newSweeper(t), Now: func() time.Time { return now }, Backends: []BackendOptions{
		{Scheme: "http", Host: "web", Port: 80, Weight: 1, Source: source},
	}})
	c := must(t, made, err)
	check := func(since time.Time) {
		t.Helper()
		got := c.State()[0]
		if got.State != health.Down || got.Reason != health.NoAddress || !got.Since.Equal(since) {
			t.Errorf("got %s %s since %v, want down no-address since %v", got.State, got.Reason, got.Since, since)
		}
		if f := got.LastFailure; f == nil || *f != (health.Failure{At: at, Fault: "dns_error", Cause: "lookup: no such host"}) {
			t.Errorf("got %+v, want the failed lookup", f)
		}
	}
	check(time.Time{})
	c.Update(0, endpointsOf(tenOne))
	now = at.Add(time.Minute)
	c.Update(0, nil)
	check(now)
}

// Health belongs to the address: how it is connected to may change.
func TestHealthSurvivesAChangedPool(t *testing.T) {
	a, b := newTestOrigin(t), newTestOrigin(t)
	o := literals(t, a, b, 1, 1)
	o.Eject = lb.EjectOptions{Failures: 2, Base: time.Hour, Max: time.Hour}
	made, err := NewCluster(o)
	prev := must(t, made, err)
	old := pickAll(prev.View("r", nil))[a.Address]
	fail(old, 2)
	old.Health.Begin()
	o.Pool.Max = 7
	made, err = NewClusterFrom(prev, o)
	next := must(t, made, err)
	if got := next.State()[0]; got.State != health.Ejected || got.InFlight != 1 {
		t.Errorf("got %+v, want %s ejected with one request in flight", got, a.Address)
	}
	if prev.list.own[0].client == next.list.own[0].client {
		t.Error("the connections of another pool are shared")
	}
	old.Health.EndRest(nil, 0, time.Now())
	if got := next.State()[0].InFlight; got != 0 {
		t.Errorf("%d in flight after the end, want 0", got)
	}
}

// A probe proves nothing about a backend that takes connections and closes them.
func TestProbeDoesNotDisproveResets(t *testing.T) {
	o := literals(t, newTestOrigin(t), newTestOrigin(t), 1, 0)
	o.Backends = o.Backends[:1]
	o.Eject.Failures = 1
	made, err := NewCluster(o)
	c := must(t, made, err)
	m := c.View("r", nil).Pick(0, nil, 0)
	for _, wrote := range []bool{true, false} {
		m.Health.Begin()
		m.Health.End(&exchange.Fault{Kind: exchange.ConnectionTerminated, Source: exchange.Upstream, Wrote: wrote}, 0, 0, time.Now())
		c.probeRound(t.Context())
		want := health.Up
		if wrote {
			want = health.Down
		}
		if got := c.State()[0]; got.State != want {
			t.Errorf("reset after the request was sent: %v; got %s after the probe, want %s", wrote, got.State, want)
		}
	}
}

// A weight of 0 that comes with a reload drains like an operator does.
func TestADrainByTheFileIsReportedWhenEmpty(t *testing.T) {
	said := make(messages, 16)
	o := tens(t, 1, 1)
	o.Log = slog.New(said)
	made, err := NewCluster(o)
	prev := must(t, made, err)
	m := pickAll(prev.View("r", nil))[tenOne]
	m.Health.Begin()
	o = tens(t, 0, 1)
	o.Log = slog.New(said)
	made, err = NewClusterFrom(prev, o)
	must(t, made, err)
	if len(said) != 0 {
		t.Errorf("said %q while a request is under way", <-said)
	}
	m.Health.End(nil, 200, 0, time.Now())
	if got := within(t, "the line", said); got != "drained backend is empty: no request is under way there" {
		t.Errorf("got %q", got)
	}
}
