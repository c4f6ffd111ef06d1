package tunnel

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"penstock/conn"
)

// ends is a tunnel and the two peers it joins.
type ends struct {
	Tunnel
	client, backend net.Conn // far ends
}

type outcome struct {
	sent, received int64
	err            error
}

func (e ends) run(r *Registry) <-chan outcome {
	c := make(chan outcome, 1)
	go func() {
		var o outcome
		o.sent, o.received, o.err = r.Run(e.Tunnel)
		c <- o
	}()
	return c
}

func startedSweeper(t testing.TB) *conn.Sweeper {
	s := conn.NewSweeper(time.Millisecond)
	s.Start()
	t.Cleanup(func() { _ = s.Shutdown(context.Background()) })
	return s
}

func tcpPair(t testing.TB) (near, far net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if far, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if near, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { near.Close(); far.Close() })
	return near, far
}

func overTCP(t testing.TB, s *conn.Sweeper) ends {
	clientNear, client := tcpPair(t)
	backendNear, backend := tcpPair(t)
	return ends{
		Tunnel: Tunnel{Client: conn.New(clientNear, s), Backend: conn.New(backendNear, s), Idle: time.Hour, Label: "chat"},
		client: client, backend: backend,
	}
}

// overPipes is for the fake clock; pipes have no halves.
func overPipes(s *conn.Sweeper) ends {
	clientNear, client := net.Pipe()
	backendNear, backend := net.Pipe()
	return ends{
		Tunnel: Tunnel{Client: conn.New(clientNear, s), Backend: conn.New(backendNear, s), Label: "chat"},
		client: client, backend: backend,
	}
}

func closeWrite(t *testing.T, c net.Conn) {
	t.Helper()
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		t.Error(err)
	}
}

func expect(t *testing.T, c net.Conn, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(c, got); err != nil || string(got) != want {
		t.Errorf("got %q, %v; want %q", got[:n], err, want)
	}
}

func TestRunCarriesBothWaysAndHalfCloses(t *testing.T) {
	r, e := NewRegistry(), overTCP(t, startedSweeper(t))
	e.FromClient, e.FromBackend = []byte("early "), []byte("ahead ")
	ended := e.run(r)
	_, _ = e.client.Write([]byte("up"))
	_, _ = e.backend.Write([]byte("down"))
	expect(t, e.backend, "early up")
	expect(t, e.client, "ahead down")
	if r.Len() != 1 {
		t.Errorf("got %d tunnels, want 1", r.Len())
	}
	closeWrite(t, e.client)
	if _, err := e.backend.Read(make([]byte, 1)); err != io.EOF {
		t.Fatalf("backend: got %v, want the client's end", err)
	}
	_, _ = e.backend.Write([]byte(" still"))
	expect(t, e.client, " still")
	closeWrite(t, e.backend)
	got := <-ended
	if got != (outcome{sent: 8, received: 16}) {
		t.Errorf("got %+v, want 8 sent, 16 received, no error", got)
	}
	if _, err := e.client.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("client: got %v, want the end", err)
	}
	if r.Len() != 0 {
		t.Errorf("got %d tunnels, want 0", r.Len())
	}
}

func TestRunIsExact(t *testing.T) {
	r, e := NewRegistry(), overTCP(t, startedSweeper(t))
	ended := e.run(r)
	const size = 16 << 20
	up, down := make([]byte, size), make([]byte, size)
	src := rand.NewChaCha8([32]byte{1})
	_, _ = src.Read(up)
	_, _ = src.Read(down)
	var wg sync.WaitGroup
	for _, d := range []struct {
		from, to net.Conn
		data     []byte
	}{{e.client, e.backend, up}, {e.backend, e.client, down}} {
		wg.Go(func() { _, _ = d.from.Write(d.data); closeWrite(t, d.from) })
		wg.Go(func() {
			if got, err := io.ReadAll(d.to); err != nil || !bytes.Equal(got, d.data) {
				t.Errorf("got %d bytes, %v; want the same %d", len(got), err, size)
			}
		})
	}
	wg.Wait()
	if got := <-ended; got != (outcome{sent: size, received: size}) {
		t.Errorf("got %+v", got)
	}
}

// Bytes in one direction keep both alive; silence in both ends the tunnel.
func TestIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := conn.NewSweeper(10 * time.Millisecond)
		s.Start()
		r, e := NewRegistry(), overPipes(s)
		e.Idle = time.Second
		ended := e.run(r)
		for range 20 { // the fake clock: 18 s of a download, the upload silent
			time.Sleep(900 * time.Millisecond)
			_, _ = e.backend.Write([]byte("x"))
			expect(t, e.client, "x")
		}
		start := time.Now()
		got := <-ended
		if took := time.Since(start); took < time.Second || took > time.Second+50*time.Millisecond {
			t.Errorf("ended %v after the last byte, want about 1s", took)
		}
		if got.received != 20 || !errors.Is(got.err, os.ErrDeadlineExceeded) || !strings.Contains(got.err.Error(), "tunnel chat: no byte moved for 1s") {
			t.Errorf("got %+v, want 20 bytes and the idle time", got)
		}
		_ = s.Shutdown(context.Background())
	})
}

func TestBrokenSideBreaksTheOther(t *testing.T) {
	r, e := NewRegistry(), overTCP(t, startedSweeper(t))
	ended := e.run(r)
	_, _ = e.client.Write([]byte("x"))
	expect(t, e.backend, "x")
	_ = e.client.(*net.TCPConn).SetLinger(0)
	_ = e.client.Close()
	if _, err := e.backend.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("backend: got %v, want a reset", err)
	}
	if got := <-ended; got.sent != 1 || !errors.Is(got.err, syscall.ECONNRESET) {
		t.Errorf("got %+v, want the reset", got)
	}
}

// A client that has ended its direction may close before the backend has finished.
func TestClientLeavesAfterItsEnd(t *testing.T) {
	r, e := NewRegistry(), overTCP(t, startedSweeper(t))
	ended := e.run(r)
	_ = e.client.Close()
	if _, err := e.backend.Read(make([]byte, 1)); err != io.EOF {
		t.Fatalf("backend: got %v, want the client's end", err)
	}
	piece := make([]byte, 64<<10)
	for err := error(nil); err == nil; {
		_, err = e.backend.Write(piece)
	}
	if got := <-ended; got.err != nil {
		t.Errorf("got %v, want no error", got.err)
	}
}

func TestConnectionsWithoutHalves(t *testing.T) {
	r, e := NewRegistry(), overPipes(startedSweeper(t))
	ended := e.run(r)
	_ = e.client.Close()
	if _, err := e.backend.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("backend: got %v, want the end", err)
	}
	if got := <-ended; got.err != nil {
		t.Errorf("got %v, want no error", got.err)
	}
}

// trap panics when it is read after what is ready.
type trap struct {
	net.Conn
	ready *strings.Reader
}

func (c trap) Read(p []byte) (int, error) {
	if n, err := c.ready.Read(p); err == nil {
		return n, nil
	}
	panic("boom")
}

func TestPanicEndsOneTunnel(t *testing.T) {
	for _, side := range []string{"client", "backend"} {
		t.Run(side, func(t *testing.T) {
			s := startedSweeper(t)
			r, e := NewRegistry(), overPipes(s)
			near, far := net.Pipe()
			defer far.Close()
			trapped := conn.New(trap{near, strings.NewReader("abc")}, s)
			other, want := e.backend, outcome{sent: 3}
			if side == "client" {
				e.Client = trapped
			} else {
				e.Backend = trapped
				other, want = e.client, outcome{received: 3}
			}
			ended := e.run(r)
			expect(t, other, "abc")
			got := <-ended
			if got.sent != want.sent || got.received != want.received {
				t.Errorf("got %d and %d bytes, want %d and %d", got.sent, got.received, want.sent, want.received)
			}
			p, ok := errors.AsType[*PanicError](got.err)
			if !ok || p.Value != "boom" || !bytes.Contains(p.Stack, []byte("trap")) {
				t.Errorf("got %v, want the panic with its stack", got.err)
			}
			if r.Len() != 0 {
				t.Errorf("got %d tunnels, want 0", r.Len())
			}
		})
	}
}

func TestShutdown(t *testing.T) {
	r, s := NewRegistry(), startedSweeper(t)
	quick, slow := overTCP(t, s), overTCP(t, s)
	quickEnded, slowEnded := quick.run(r), slow.run(r)
	for _, e := range []ends{quick, slow} { // both are running
		_, _ = e.client.Write([]byte("x"))
		expect(t, e.backend, "x")
	}
	ctx, cancel := context.WithCancel(context.Background())
	down := make(chan error)
	go func() { down <- r.Shutdown(ctx) }()
	for { // new ones are refused from now on
		e := overTCP(t, s)
		refused := e.run(r)
		_ = e.client.Close()
		_ = e.backend.Close()
		if got := <-refused; errors.Is(got.err, ErrClosed) {
			break
		}
	}
	_ = quick.client.Close()
	_ = quick.backend.Close()
	if got := <-quickEnded; got.err != nil {
		t.Errorf("one that ends while draining: got %v", got.err)
	}
	_, _ = slow.client.Write([]byte("y"))
	expect(t, slow.backend, "y")
	cancel()
	if err := <-down; !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "1 tunnels were cut") {
		t.Errorf("got %v, want one cut", err)
	}
	if got := <-slowEnded; !errors.Is(got.err, ErrClosed) || got.sent != 2 {
		t.Errorf("the cut one: got %+v, want ErrClosed", got)
	}
	if err := r.Shutdown(context.Background()); err != nil || r.Len() != 0 || s.Len() != 0 {
		t.Errorf("again: got %v, %d tunnels, %d connections; want none", err, r.Len(), s.Len())
	}
}
