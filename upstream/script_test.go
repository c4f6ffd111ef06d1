package upstream

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"penstock/conn"
	"penstock/exchange"
	"penstock/headers"
	"penstock/lb"
	"penstock/origin/scripted"
)

// peer is the backend's end of one connection; a test writes every word it says.
type peer struct {
	*scripted.Peer
	t testing.TB
}

// head reads a request head and returns it with its empty line; "" at the end of the stream.
func (p *peer) head() string {
	head, _ := p.Head()
	return head
}

// take reads n bytes.
func (p *peer) take(n int) string {
	buf := make([]byte, n)
	if _, err := io.ReadFull(p.In, buf); err != nil {
		p.t.Errorf("backend: reading %d bytes: %v", n, err)
	}
	return string(buf)
}

// rest reads to the end of the stream; the error is nil for an orderly one.
func (p *peer) rest() (string, error) {
	all, err := io.ReadAll(p.In)
	return string(all), err
}

// say writes; that the client has gone is no mistake of the backend's.
func (p *peer) say(text string) { p.Say(text) }

// newScript starts a backend: the n-th connection is served by the n-th of its acts,
// later ones by the last.
func newScript(t testing.TB, acts ...func(*peer)) *scripted.Origin {
	t.Helper()
	return newScriptOn(t, nil, acts...)
}

// newScriptOn is newScript on a listener of the test's own; nil is a free port.
func newScriptOn(t testing.TB, l net.Listener, acts ...func(*peer)) *scripted.Origin {
	t.Helper()
	parts := make([]func(*scripted.Peer), len(acts))
	for i, act := range acts {
		parts[i] = func(p *scripted.Peer) { act(&peer{p, t}) }
	}
	o, err := scripted.Start(scripted.Options{Listener: l, Script: scripted.InTurn(parts...)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.Close)
	return o
}

// always is an act that responds to every request without a body with the same text.
func always(words string) func(*peer) {
	return func(p *peer) {
		for p.head() != "" {
			p.say(words)
		}
	}
}

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

// clientOf returns a client of s whose pool is as change leaves it.
func clientOf(t testing.TB, s *scripted.Origin, change ...func(*clientOptions)) *Client {
	t.Helper()
	sweeper := newSweeper(t)
	o := clientOptions{
		Backend: lb.NewBackend(s.Address, 0),
		Dial: func(timeout time.Duration) (*conn.Conn, error) {
			d := dialer{endpoint: s.Address, network: "tcp", address: s.Address, sweeper: sweeper}
			return d.dial(timeout)
		},
		Pool: PoolOptions{Max: 8, Tunnels: 8, Idle: 8, IdleTimeout: time.Minute, MaxAge: -1, Queue: 8, QueueTimeout: 10 * time.Second},
		Now:  time.Now,
	}
	for _, f := range change {
		f(&o)
	}
	c := newClient(o)
	t.Cleanup(func() {
		if n := c.pool.slots.count(); n != 0 {
			t.Errorf("%d slots of the pool are still taken", n)
		}
		if open, idle, waiting := c.Stats(); open != idle || waiting != 0 {
			t.Errorf("pool at the end: %d open, %d idle, %d waiting; want none in use", open, idle, waiting)
		}
		c.Close()
	})
	return c
}

// request is a request with no body and generous times.
func request(method, target string) *Request {
	return &Request{
		Method: []byte(method), Target: []byte(target), Host: []byte("a.example"),
		Times: Times{Connect: 5 * time.Second, FirstByte: 10 * time.Second, BodyIdle: 10 * time.Second},
	}
}

// trial is one round trip with its results.
type trial struct {
	resp  Response
	at    exchange.Attempt
	fault *exchange.Fault
}

// try makes a round trip; the rest of the response is given up with the test.
func try(t testing.TB, c *Client, req *Request) *trial {
	t.Helper()
	tr := &trial{at: exchange.Attempt{Start: time.Now()}}
	t.Cleanup(tr.resp.Reset)
	tr.fault = c.RoundTrip(req, &tr.resp, &tr.at)
	return tr
}

// must makes a round trip that has to end well.
func mustTry(t testing.TB, c *Client, req *Request) *trial {
	t.Helper()
	tr := try(t, c, req)
	if tr.fault != nil {
		t.Fatalf("%s %s: %v", req.Method, req.Target, tr.fault)
	}
	return tr
}

// wantFault fails the test unless f has this kind and reason.
func wantFault(t testing.TB, f *exchange.Fault, kind exchange.Kind, reason exchange.Reason) {
	t.Helper()
	if f == nil {
		t.Fatalf("got no fault, want %s/%s", kind, reason)
	}
	if f.Kind != kind || f.Reason != reason {
		t.Errorf("got fault %s/%s (%v), want %s/%s", f.Kind, f.Reason, f, kind, reason)
	}
}

// wantStats fails the test unless the pool is in this state.
func wantStats(t testing.TB, c *Client, open, idle int) {
	t.Helper()
	if gotOpen, gotIdle, _ := c.Stats(); gotOpen != open || gotIdle != idle {
		t.Errorf("pool: %d open, %d idle; want %d and %d", gotOpen, gotIdle, open, idle)
	}
}

// pipeBody is a request body that a test writes piece by piece.
type pipeBody struct {
	*io.PipeReader
	w *io.PipeWriter
}

func newPipeBody() *pipeBody {
	r, w := io.Pipe()
	return &pipeBody{r, w}
}

var errAborted = errors.New("aborted")

// sized makes b the body of req, with a Content-Length.
func (b *pipeBody) sized(req *Request, n int64) *Request {
	req.Body = Body{Framing: headers.Framing{Kind: headers.Sized, Length: n}, Stream: b, Abort: b.abort}
	return req
}

// chunked makes b the body of req, of unknown length.
func (b *pipeBody) chunked(req *Request) *Request {
	req.Body = Body{Framing: headers.Framing{Kind: headers.Chunked, Length: -1}, Stream: b, Abort: b.abort}
	return req
}

func (b *pipeBody) abort() { _ = b.CloseWithError(errAborted) }

// sinkPair returns a client's connection and what the client holds of it.
func sinkPair(t testing.TB) (sink *conn.Conn, client net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err = net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	sink = conn.New(accepted, newSweeper(t))
	t.Cleanup(func() { _ = client.Close(); _ = sink.Close() })
	return sink, client
}

// refusing returns an address that refuses connections until the test ends: its port
// is not free, but the client's end of a connection.
func refusing(t testing.TB) string {
	t.Helper()
	_, client := sinkPair(t)
	return client.LocalAddr().String()
}

// drained waits until the pool holds no connection in use.
func drained(t testing.TB, c *Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for c.pool.slots.count() > 0 {
		select {
		case <-ctx.Done():
			t.Fatalf("%d slots are still taken", c.pool.slots.count())
		case <-time.After(time.Millisecond):
		}
	}
}
