package admin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"penstock/health"
	"penstock/ops"
)

// gateway is what the tests put in place of the real one.
type gateway struct {
	mu        sync.Mutex
	unready   error
	reloadErr error
	changeErr error
	panics    bool
	reloads   int
	changes   []string // "upstream address change"
	weight    int
	hold      chan struct{} // when set, Reload closes begun and waits for it
	begun     chan struct{}
}

func (g *gateway) Ready() error { return g.unready }

func (g *gateway) Generation() uint64 { return 7 }

func (g *gateway) Routes() []ops.Route {
	if g.panics {
		panic("a bug")
	}
	return []ops.Route{{Name: "web", Path: "/*", Action: "proxy", Upstreams: map[string]int{"api": 1}}}
}

func (g *gateway) Upstreams() []ops.Upstream {
	return []ops.Upstream{{Name: "api", Balance: "round_robin", Backends: []ops.Backend{{
		Address: "10.0.0.1:8080", Status: health.Status{
			State: health.Ejected, Reason: health.ConnectFailures, Since: time.Unix(1000, 0).UTC(), Until: time.Unix(1001, 0).UTC(),
			LastFailure: &health.Failure{At: time.Unix(1000, 0).UTC(), Fault: "connection_refused", Cause: "connection refused"},
			LastCheck:   &health.Check{At: time.Unix(1000, 5e8).UTC(), Cause: "connection refused"},
		},
		Weight: g.weight, InFlight: 2, Active: 3, Idle: 4, Waiting: 5, Ejections: 6, Refused: 7, EjectionsBy: map[string]uint64{"connect": 6},
	}}}}
}

func (g *gateway) SetBackend(upstream, address string, c Change) error {
	if g.changeErr != nil {
		return g.changeErr
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.changes = append(g.changes, upstream+" "+address+" "+c.String())
	if c.Weight != nil {
		g.weight = *c.Weight
	}
	return nil
}

func (g *gateway) CheckBackend(_ context.Context, upstream, address string) error {
	if g.changeErr != nil {
		return g.changeErr
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.changes = append(g.changes, upstream+" "+address+" checked")
	return nil
}

func (g *gateway) Reload(ctx context.Context) (uint64, error) {
	g.mu.Lock()
	g.reloads++
	g.mu.Unlock()
	if g.hold != nil {
		close(g.begun)
		<-g.hold
	}
	return 8, g.reloadErr
}

func (g *gateway) WritePrometheus(w io.Writer) { io.WriteString(w, "penstock_build_info 1\n") }

// site is a running Server with a client.
type site struct {
	t    *testing.T
	s    *Server
	base string
	log  *bytes.Buffer
}

// serve starts a Server on a free loopback port over g; change edits its Options.
func serve(t *testing.T, g *gateway, change func(*Options)) *site {
	t.Helper()
	notes := &bytes.Buffer{}
	o := Options{
		Address: "127.0.0.1:0", Build: Build{Version: "v1", Go: "go1.26"},
		Readiness: g, Views: g, Balancer: g, Reloader: g, Metrics: g, Cache: &store{}, Log: slog.New(slog.NewTextHandler(notes, nil)),
	}
	if change != nil {
		change(&o)
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
	})
	base := "http://" + s.Addr().String()
	if i := strings.LastIndexByte(base, ':'); strings.HasPrefix(base, "http://[::]") || strings.HasPrefix(base, "http://0.0.0.0") {
		base = "http://127.0.0.1" + base[i:]
	}
	return &site{t: t, s: s, base: base, log: notes}
}

// result is a response that was read completely.
type result struct {
	status int
	header http.Header
	body   string
}

// ask sends one request; fields are "Name: value".
func (s *site) ask(method, path, body string, fields ...string) result {
	s.t.Helper()
	req, err := http.NewRequest(method, s.base+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		if name == "Host" {
			req.Host = value
			continue
		}
		req.Header.Add(name, value)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	return result{resp.StatusCode, resp.Header, string(text)}
}

// wantProblem fails the test unless a is a problem document of this status whose
// text contains part.
func (s *site) wantProblem(a result, status int, part string) {
	s.t.Helper()
	kind := a.header.Get("Content-Type")
	if a.status != status || kind != "application/problem+json" || !strings.Contains(a.body, part) ||
		!strings.Contains(a.body, fmt.Sprintf(`"status": %d`, status)) {
		s.t.Errorf("got %d %s %s, want %d problem+json with %q", a.status, kind, a.body, status, part)
	}
}

var errTest = errors.New("not this time")
