package upstream

import (
	"context"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"penstock/exchange"
	"penstock/lb"
	"penstock/origin/scripted"
)

// testOrigin is a backend that responds to every request with 200 and its address.
type testOrigin struct {
	*scripted.Origin
	gone    chan struct{} // one for each connection that the other side closed
	arrived chan struct{} // one for each request to /hold
	proceed chan struct{} // lets one request to /hold go on
}

func newTestOrigin(t testing.TB) *testOrigin { return startOrigin(t, "tcp", "127.0.0.1:0") }

func startOrigin(t testing.TB, network, address string) *testOrigin {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	return serveOrigin(t, l)
}

// serveOrigin serves l until the test ends.
func serveOrigin(t testing.TB, l net.Listener) *testOrigin {
	t.Helper()
	o := &testOrigin{gone: make(chan struct{}, 1000), arrived: make(chan struct{}), proceed: make(chan struct{})}
	response := scripted.OK(l.Addr().String())
	var err error
	o.Origin, err = scripted.Start(scripted.Options{Listener: l, Script: func(p *scripted.Peer) {
		for {
			head, err := p.Head()
			if err != nil {
				o.gone <- struct{}{}
				return
			}
			if strings.HasPrefix(head, "GET /hold ") && !o.hold(p.Over) {
				return
			}
			p.Say(response)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.Close)
	return o
}

// hold waits until the test lets a request go on; it is false when the test ends first.
func (o *testOrigin) hold(over <-chan struct{}) bool {
	select {
	case o.arrived <- struct{}{}:
	case <-over:
		return false
	}
	select {
	case <-o.proceed:
		return true
	case <-over:
		return false
	}
}

// port returns the origin's port.
func (o *testOrigin) port(t testing.TB) uint16 {
	t.Helper()
	_, text, err := net.SplitHostPort(o.Address)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	return uint16(port)
}

// entryFor is a backend entry for the origin's address.
func entryFor(t testing.TB, o *testOrigin, weight int) BackendOptions {
	return BackendOptions{Scheme: "http", Host: "127.0.0.1", Port: o.port(t), Weight: weight}
}

// neverIdle makes sure that a connection that closes was closed on purpose.
func neverIdle() PoolOptions { return PoolOptions{IdleTimeout: time.Hour} }

// get makes one GET with m and returns the body of the response.
func get(t testing.TB, m *Member, target string) string {
	t.Helper()
	body, f := roundTrip(m, target)
	if f != nil {
		t.Errorf("GET %s from %s: %v", target, m.Backend.Address(), f)
	}
	return body
}

func roundTrip(m *Member, target string) (body string, f *exchange.Fault) {
	req := &Request{Method: []byte("GET"), Target: []byte(target), Host: m.Host, Times: Times{Connect: 5 * time.Second, FirstByte: 10 * time.Second}}
	var resp Response
	defer resp.Discard()
	if f := m.Client.RoundTrip(req, &resp, new(exchange.Attempt)); f != nil {
		return "", f
	}
	return string(resp.Buffered), nil
}

// NewCluster makes a cluster with nothing to carry over.
func NewCluster(o Options) (*Cluster, error) { return NewClusterFrom(nil, o) }

// NewClusterFrom makes the cluster that follows prev.
func NewClusterFrom(prev *Cluster, o Options) (*Cluster, error) {
	p, err := NewPlan(o)
	if err != nil {
		return nil, err
	}
	return p.Build(prev), nil
}

// must returns the cluster and ends it with the test.
func must(t testing.TB, c *Cluster, err error) *Cluster {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Shutdown(context.Background()); err != nil {
			t.Errorf("shutdown: %v", err)
		}
	})
	return c
}

// pickAll picks until every backend of the view has come, at most 100 times, and
// returns them by address.
func pickAll(v *View) map[string]*Member {
	found := make(map[string]*Member)
	for range 100 {
		if m := v.Pick(0, nil, 0); m != nil {
			found[m.Backend.Address()] = m
		}
	}
	return found
}

// within waits for one value, for at most ten seconds.
func within[T any](t testing.TB, what string, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(10 * time.Second):
		t.Fatalf("%s: nothing happened within 10s", what)
		panic("unreachable")
	}
}

// fakeSource emits what a test wants.
type fakeSource struct {
	first   []string      // emitted by Start
	fails   error         // what Start returns
	blocks  bool          // Start waits for its ctx to end
	started chan struct{} // closed when Start returns; may be nil
	emit    func(addresses ...string)
	ended   atomic.Bool
	run     context.Context // of Start

	failed   time.Time // what LastFailure returns
	failedBy error
}

func (s *fakeSource) Start(ctx context.Context, emit func([]lb.Endpoint)) error {
	s.run = ctx
	if s.started != nil {
		defer close(s.started)
	}
	s.emit = func(addresses ...string) { emit(endpointsOf(addresses...)) }
	if s.blocks {
		<-ctx.Done()
		return ctx.Err()
	}
	if s.first != nil {
		s.emit(s.first...)
	}
	return s.fails
}

func (s *fakeSource) LastFailure() (time.Time, error) { return s.failed, s.failedBy }

func (s *fakeSource) Shutdown(context.Context) error {
	s.ended.Store(true)
	return nil
}

func endpointsOf(addresses ...string) []lb.Endpoint {
	found := make([]lb.Endpoint, len(addresses))
	for i, a := range addresses {
		found[i].Address = a
	}
	return found
}

// messages is a log whose messages a test can wait for.
type messages chan string

func (m messages) Enabled(context.Context, slog.Level) bool { return true }
func (m messages) WithAttrs([]slog.Attr) slog.Handler       { return m }
func (m messages) WithGroup(string) slog.Handler            { return m }
func (m messages) Handle(_ context.Context, r slog.Record) error {
	select {
	case m <- r.Message:
	default:
	}
	return nil
}
