package admin

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// raw sends text on a connection of its own and returns the response.
func raw(t *testing.T, s *site, text string) result {
	t.Helper()
	c, err := net.Dial(s.s.Addr().Network(), s.s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatalf("%.40q: %v", text, err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return result{resp.StatusCode, resp.Header, string(b)}
}

func TestBrokenRequestsGetProblemsToo(t *testing.T) {
	s := serve(t, &gateway{}, nil)
	s.wantProblem(raw(t, s, "GET / HTTP/1.1\r\n: x\r\n\r\n"), 400, "cannot be read")
	s.wantProblem(raw(t, s, "GET /"+strings.Repeat("x", maxHead)+" HTTP/1.1\r\nHost: a\r\n\r\n"), 431, "cannot be read")
	s.wantProblem(raw(t, s, "GET /api/routes HTTP/1.0\r\n\r\n"), 403, "Host must be")
}

func TestUnixSocket(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no file modes for sockets here")
	}
	path := filepath.Join(t.TempDir(), "admin.sock")
	stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	stale.SetUnlinkOnClose(false)
	stale.Close() // as a killed process leaves it
	g := &gateway{}
	s := serve(t, g, func(o *Options) { o.Address = "unix:" + path })
	if a := raw(t, s, "POST /api/reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"); a.status != 200 || g.reloads != 1 {
		t.Errorf("got %d %s, want 200", a.status, a.body)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("socket: got %v (%v), want mode 0660", info.Mode(), err)
	}
	if _, err := listen("unix:" + path); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("a socket in use: got %v, want a refusal", err)
	}
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := listen("unix:" + plain); err == nil || !strings.Contains(err.Error(), "not a socket") {
		t.Errorf("a plain file: got %v, want a refusal", err)
	}
}

func TestShutdownLetsRequestsFinish(t *testing.T) {
	g := &gateway{hold: make(chan struct{}), begun: make(chan struct{})}
	s := serve(t, g, nil)
	silent, err := net.Dial("tcp", s.s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	got := make(chan result, 1)
	go func() { got <- s.ask("POST", "/api/reload", "") }()
	<-g.begun
	down := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		down <- s.s.Shutdown(ctx)
	}()
	if _, err := silent.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a connection that sent nothing: got %v, want it closed", err)
	}
	close(g.hold)
	if a := <-got; a.status != 200 {
		t.Errorf("the request under way: got %d %s, want 200", a.status, a.body)
	}
	if err := <-down; err != nil {
		t.Errorf("shutdown: %v", err)
	}
	if _, err := net.Dial("tcp", s.s.Addr().String()); err == nil {
		t.Error("the listener is still open")
	}
}

func TestShutdownCutsWhatOutlivesItsDeadline(t *testing.T) {
	g := &gateway{hold: make(chan struct{}), begun: make(chan struct{})}
	s := serve(t, g, nil)
	failed := make(chan error, 1)
	go func() {
		_, err := http.Post(s.base+"/api/reload", "", nil)
		failed <- err
	}()
	<-g.begun
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.s.Shutdown(ctx); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "1 connections") {
		t.Errorf("got %v, want that one connection was cut", err)
	}
	if err := <-failed; err == nil {
		t.Error("the client of the cut connection got a response")
	}
	close(g.hold)
}

func TestShutdownEndsAProfile(t *testing.T) {
	s := serve(t, &gateway{}, nil)
	got := make(chan result, 1)
	go func() { got <- s.ask("GET", "/debug/pprof/block?seconds=60", "") }()
	for !s.s.profiling.Load() && len(got) == 0 {
		runtime.Gosched()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := s.s.Shutdown(ctx); err != nil {
		t.Errorf("shutdown: %v", err)
	}
	if a := <-got; a.status != 200 {
		t.Errorf("got %d %s, want what was recorded so far", a.status, a.body)
	}
}

// short is a listener that fails as if file descriptors had run out.
type short struct {
	net.Listener
	left int
}

func (l *short) Accept() (net.Conn, error) {
	if l.left > 0 {
		l.left--
		return nil, &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	}
	return l.Listener.Accept()
}

func TestShortageOfDescriptorsDoesNotEndTheListener(t *testing.T) {
	ln, err := listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Listener = &short{Listener: ln.Listener, left: 2}
	client, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	c, err := ln.Accept()
	if err != nil {
		t.Fatalf("after two shortages: %v", err)
	}
	if n := ln.closeAll(); n != 1 {
		t.Errorf("got %d open connections, want 1", n)
	}
	c.Close()
	ln.Listener.(*short).left = 1 << 30
	ended := make(chan error, 1)
	go func() { _, err := ln.Accept(); ended <- err }()
	ln.Close()
	if err := <-ended; !errors.Is(err, net.ErrClosed) {
		t.Errorf("closed while waiting: got %v, want net.ErrClosed", err)
	}
}

func TestNewAndStartRefuseWhatCannotWork(t *testing.T) {
	g := &gateway{}
	for _, o := range []Options{{}, {Address: ":0"}, {Readiness: g, Views: g, Balancer: g, Reloader: g, Metrics: g}} {
		if _, err := New(o); err == nil {
			t.Errorf("options %+v: got no error", o)
		}
	}
	s, err := New(Options{Address: "127.0.0.1:99999", Readiness: g, Views: g, Balancer: g, Reloader: g, Metrics: g})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "99999") {
		t.Errorf("a bad port: got %v, want an error that names it", err)
	}
	if err := s.Shutdown(t.Context()); err != nil || s.Addr() != nil {
		t.Errorf("shutdown of what never began: got %v, address %v", err, s.Addr())
	}
}
