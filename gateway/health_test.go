package gateway_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"penstock/accesslog"
	"penstock/gateway"
	"penstock/gateway/gatewaytest"
	"penstock/health"
)

// logRecord is a log that tests read.
type logRecord struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (r *logRecord) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.buf.Write(p)
}

func (r *logRecord) has(parts ...string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for line := range strings.Lines(r.buf.String()) {
		found := true
		for _, p := range parts {
			found = found && strings.Contains(line, p)
		}
		if found {
			return true
		}
	}
	return false
}

// startLogged runs a gateway whose log is kept.
func startLogged(t *testing.T, yaml string) (*gatewaytest.Gateway, *logRecord) {
	log := new(logRecord)
	g := gatewaytest.StartWith(t, gateway.Options{Config: gatewaytest.Parse(t, yaml), Log: slog.New(slog.NewTextHandler(log, nil))})
	return g, log
}

// A backend that refuses everything is down in the API, in both metrics and in the log until
// it responds, even when it may not be ejected.
func TestALoneBackendThatRefusesIsDown(t *testing.T) {
	dead := gatewaytest.Dead(t)
	g, log := startLogged(t, "upstreams: { up: \"http://"+dead+"\" }\n"+oneRoute("up"))
	before := time.Now()
	for range 5 {
		if a := gatewaytest.Get(t, g.Address, "/"); a.StatusCode != 502 {
			t.Fatalf("got %d %s, want 502", a.StatusCode, a.Text)
		}
	}
	labels := `{upstream="up",backend="` + dead + `"`
	if up, down := g.Count("penstock_backend_up"+labels+"}"), g.Count("penstock_backend_state"+labels+`,state="down"}`); up != "0" || down != "1" {
		t.Errorf("penstock_backend_up is %s, penstock_backend_state of down is %s; want 0 and 1", up, down)
	}
	b := g.Upstreams()[0].Backends[0]
	if b.State.String() != "down" || b.Reason.String() != "connect-failures" || b.Since.Before(before) {
		t.Errorf("got %s %s since %v, want down connect-failures since now", b.State, b.Reason, b.Since)
	}
	if f := b.LastFailure; f == nil || f.Fault != "connection_refused" || f.Cause != "connection refused" || f.At.Before(before) {
		t.Errorf("last failure: got %+v, want connection_refused now", f)
	}
	if !log.has("level=WARN", "backend down", "state=down", "reason=connect-failures", `cause="connection refused"`) {
		t.Errorf("the log does not tell of it:\n%s", &log.buf)
	}
}

// TestABackendThatNeverAnswersIsDown has timeouts and cuts count in the state.
func TestABackendThatNeverAnswersIsDown(t *testing.T) {
	for _, tc := range []struct {
		name, reason, fault string
		script              func(p *gatewaytest.Peer)
	}{
		{"timeouts", "timeouts", "first-byte-timeout", func(p *gatewaytest.Peer) {
			_, _ = p.Request()
			_, _ = p.In.ReadByte() // until the gateway closes
		}},
		{"cuts", "cuts", "http_response_incomplete", func(p *gatewaytest.Peer) {
			_, _ = p.Request()
			_, _ = io.WriteString(p, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			origin := gatewaytest.NewOrigin(t, tc.script)
			g := gatewaytest.Start(t, "timeouts: { first_byte: 50ms }\nupstreams: { up: { backends: [{ url: \""+origin.URL+"\" }], eject: { failures: 3 } } }\n"+
				"routes: [{ path: \"/*\", upstream: up, retry: off }]\n")
			for range 3 {
				gatewaytest.Get(t, g.Address, "/")
			}
			b := g.Upstreams()[0].Backends[0]
			if b.State.String() != "down" || b.Reason.String() != tc.reason || b.LastFailure == nil || b.LastFailure.Fault != tc.fault {
				t.Errorf("got %s %s, last failure %+v; want down %s by %s", b.State, b.Reason, b.LastFailure, tc.reason, tc.fault)
			}
		})
	}
}

// TestFailingFastAttractsNothing balances by latency between three backends, one of which
// responds with 500 at once.
func TestFailingFastAttractsNothing(t *testing.T) {
	slow := func(p *gatewaytest.Peer) {
		for {
			if _, err := p.Request(); err != nil {
				return
			}
			<-time.After(5 * time.Millisecond)
			if _, err := io.WriteString(p, gatewaytest.OK("good")); err != nil {
				return
			}
		}
	}
	bad := gatewaytest.NewOrigin(t, gatewaytest.Always("HTTP/1.1 500 Broken\r\nContent-Length: 3\r\n\r\nbad"))
	a, b := gatewaytest.NewOrigin(t, slow), gatewaytest.NewOrigin(t, slow)
	g := gatewaytest.Start(t, fmt.Sprintf("upstreams: { up: { balance: latency, backends: [%q, %q, %q] } }\n", bad.URL, a.URL, b.URL)+oneRoute("up"))
	const requests = 300
	got := shares(t, g.Address, "/", requests) // one at a time: every backend is idle when it is picked
	if got["bad"] > requests/3 {
		t.Errorf("the failing backend got %d of %d requests, want at most a third", got["bad"], requests)
	}
}

// A drained backend is reported when it may be stopped, and the last one of an
// upstream when it was drained.
func TestDrainsAreLogged(t *testing.T) {
	arrived, proceed := make(chan struct{}), make(chan struct{})
	busy := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		if _, err := p.Request(); err != nil {
			return
		}
		arrived <- struct{}{}
		<-proceed
		_, _ = io.WriteString(p, gatewaytest.OK("done"))
	})
	idle := named(t, "idle")
	g, log := startLogged(t, fmt.Sprintf("upstreams: { up: { backends: [%q, { url: %q, backup: on }] } }\n", busy.URL, idle.URL)+oneRoute("up"))
	c := gatewaytest.Dial(t, g.Address)
	c.Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	<-arrived
	drain := func(address string) {
		t.Helper()
		if err := g.SetBackend("up", address, nil, new(true)); err != nil {
			t.Fatal(err)
		}
	}
	drain(busy.Address)
	if log.has("drained backend is empty") || log.has("the last backend") {
		t.Errorf("told too early:\n%s", &log.buf)
	}
	drain(idle.Address)
	if !log.has("drained backend is empty", "backend="+idle.Address, "state=drained", "reason=operator") {
		t.Errorf("nothing was under way at %s, and the log does not say so:\n%s", idle.Address, &log.buf)
	}
	if !log.has("level=WARN", "the last backend of the upstream is drained", "upstream=up") {
		t.Errorf("the log does not tell of the last one:\n%s", &log.buf)
	}
	close(proceed)
	if a := c.Read("GET"); a.Text != "done" {
		t.Errorf("the request under way got %d %q", a.StatusCode, a.Text)
	}
	gatewaytest.Eventually(t, "the line about the backend that became empty", func() bool {
		return log.has("drained backend is empty", "backend="+busy.Address)
	})
}

// noNames is a resolver that knows no name.
type noNames struct{}

func (noNames) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

// A name that does not resolve is in the API, and in the access log line of the request
// that it fails.
func TestTheCauseOfAFailedLookupIsVisible(t *testing.T) {
	file := filepath.Join(t.TempDir(), "access")
	access, err := accesslog.New(accesslog.Options{File: file, Rule: accesslog.Rule{Sample: 1}})
	if err != nil {
		t.Fatal(err)
	}
	access.Start(t.Context())
	g := gatewaytest.StartWith(t, gateway.Options{Config: gatewaytest.Parse(t, oneRoute("http://web.test:80")), Access: access, Resolver: noNames{}})
	if a := gatewaytest.Get(t, g.Address, "/"); a.StatusCode != 503 {
		t.Errorf("got %d %s, want 503", a.StatusCode, a.Text)
	}
	b := g.Upstreams()[0].Backends[0]
	if b.State != health.Down || b.Reason != health.NoAddress || b.LastFailure == nil || b.LastFailure.Cause != "lookup: no such host" {
		t.Errorf("got %s %s, last failure %+v", b.State, b.Reason, b.LastFailure)
	}
	g.Stop()
	if err := access.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	line, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(line), `"fault":"no-backend"`) || !strings.Contains(string(line), `"fault_cause":"lookup: no such host"`) {
		t.Errorf("got %s, %v", line, err)
	}
}
