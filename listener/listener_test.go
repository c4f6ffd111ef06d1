package listener

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"penstock/conn"
)

// script is a net.Listener that returns these errors before it accepts.
type script struct {
	net.Listener
	errs  []error
	times []time.Time
	next  net.Conn
	done  chan struct{}
	once  sync.Once
}

func newScript(errs ...error) *script { return &script{errs: errs, done: make(chan struct{})} }

func (s *script) Accept() (net.Conn, error) {
	s.times = append(s.times, time.Now())
	if len(s.errs) > 0 {
		err := s.errs[0]
		s.errs = s.errs[1:]
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", err)}
	}
	if c := s.next; c != nil {
		s.next = nil
		return c, nil
	}
	<-s.done
	return nil, net.ErrClosed
}

func (s *script) Close() error   { s.once.Do(func() { close(s.done) }); return nil }
func (s *script) Addr() net.Addr { return &net.TCPAddr{} }

var quiet = slog.New(slog.DiscardHandler)

func startedSweeper(t testing.TB) *conn.Sweeper {
	s := conn.NewSweeper(time.Millisecond)
	s.Start()
	t.Cleanup(func() { _ = s.Shutdown(context.Background()) })
	return s
}

func TestAcceptSurvivesExhaustion(t *testing.T) {
	for _, errno := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED} {
		t.Run(errno.Error(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var errs []error
				for range 12 {
					errs = append(errs, errno)
				}
				inner := newScript(errs...)
				near, far := net.Pipe()
				defer far.Close()
				inner.next = near
				l := New(Options{Listener: inner, Sweeper: conn.NewSweeper(0), Log: quiet})
				c, err := l.Accept()
				if err != nil {
					t.Fatalf("got %v, want the connection after the storm", err)
				}
				_ = c.Close()
				want := backoffMin
				for i := 1; i < len(inner.times); i++ {
					if got := inner.times[i].Sub(inner.times[i-1]); got != want {
						t.Errorf("wait %d: got %v, want %v", i, got, want)
					}
					want = min(2*want, backoffMax)
				}
			})
		})
	}
}

func TestAcceptReturnsFinalErrors(t *testing.T) {
	l := New(Options{Listener: newScript(syscall.EBADF), Sweeper: conn.NewSweeper(0), Log: quiet})
	if _, err := l.Accept(); !errors.Is(err, syscall.EBADF) {
		t.Errorf("got %v, want EBADF", err)
	}
}

func TestCloseEndsBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var errs []error
		for range 1000 {
			errs = append(errs, syscall.EMFILE)
		}
		l := New(Options{Listener: newScript(errs...), Sweeper: conn.NewSweeper(0), Log: quiet})
		ended := make(chan error)
		go func() { _, err := l.Accept(); ended <- err }()
		time.Sleep(10 * time.Second) // the fake clock: well into the waits of a second
		start := time.Now()
		_ = l.Close()
		if err := <-ended; !errors.Is(err, net.ErrClosed) || time.Since(start) != 0 {
			t.Errorf("got %v after %v, want net.ErrClosed at once", err, time.Since(start))
		}
	})
}

func TestLimitRefusesWithAnswer(t *testing.T) {
	inner, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	limit, s := NewLimit(1), startedSweeper(t)
	l := New(Options{Listener: inner, Sweeper: s, Max: limit, Log: quiet})
	defer l.Close()
	accepted := make(chan net.Conn, 8)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			accepted <- c
		}
	}()
	dial := func() net.Conn {
		c, err := net.Dial("tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	dial()
	first := <-accepted
	if _, ok := first.(*conn.Conn); !ok || limit.Open() != 1 {
		t.Fatalf("got %T, %d open; want *conn.Conn, 1", first, limit.Open())
	}
	second := dial()
	if _, err := second.Write([]byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(second); string(got) != string(full) || err != nil {
		t.Errorf("got %q, %v; want the refusal", got, err)
	}
	if got := l.Refused(); got != 1 {
		t.Errorf("got %d refused, want 1", got)
	}
	limit.Set(2) // as a reload does
	dial()
	third := <-accepted
	if limit.Open() != 2 {
		t.Errorf("got %d open, want 2", limit.Open())
	}
	_ = first.Close()
	_ = first.Close()
	_ = third.Close()
	if limit.Open() != 0 {
		t.Errorf("got %d open after closing, want 0", limit.Open())
	}
}

func TestManyRefusalsDoNotBlock(t *testing.T) {
	inner := newScript()
	l := New(Options{Listener: inner, Sweeper: startedSweeper(t), Max: NewLimit(1), Log: quiet})
	l.max.begin()
	var peers []net.Conn
	for range maxRefusals + 3 {
		near, far := net.Pipe() // nobody reads the response
		peers = append(peers, far)
		l.refuse(conn.New(near, l.sweeper), full)
	}
	for _, far := range peers[maxRefusals:] {
		if _, err := far.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("above the bound: got %v, want it closed at once", err)
		}
	}
}

func TestWhoIsNotWelcomeIsTold(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	limit, welcome := NewLimit(10), false
	closed := make(chan struct{})
	l := New(Options{Listener: inner, Sweeper: startedSweeper(t), Max: limit, Log: quiet, Welcome: func(c *conn.Conn) []byte {
		if welcome {
			return nil
		}
		welcome = true // the second one is
		c.OnClose(func() { close(closed) })
		return []byte("no room for you")
	}})
	accepted := make(chan net.Conn, 2)
	go func() {
		c, _ := l.Accept()
		accepted <- c
	}()
	var peers []net.Conn
	for range 2 {
		c, err := net.Dial("tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		peers = append(peers, c)
	}
	if _, err := io.WriteString(peers[0], "GET / HTTP/1.1\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(peers[0]); string(got) != "no room for you" || err != nil {
		t.Errorf("got %q, %v; want the refusal", got, err)
	}
	_ = peers[0].Close()
	<-closed
	c := <-accepted
	if c == nil || c.RemoteAddr().String() != peers[1].LocalAddr().String() {
		t.Fatalf("accepted %v, want the second connection", c)
	}
	if got := limit.Open(); got != 1 {
		t.Errorf("%d connections count, want 1", got)
	}
	_ = c.Close()
	_ = l.Close()
}

// TestRefusalFollowsTheQuestion holds that a refusal is written after the head of a request, in
// whatever parts that comes, and also to a client that stays silent.
func TestRefusalFollowsTheQuestion(t *testing.T) {
	l := New(Options{Listener: newScript(), Sweeper: startedSweeper(t), Log: quiet})
	for _, tc := range []struct {
		name  string
		parts []string
	}{
		{"one part", []string{"GET / HTTP/1.1\r\nHost: a\r\n\r\n"}},
		{"parts", []string{"\r\nGET / HT", "TP/1.1\r\nHost: a\r", "\n\r", "\n"}},
		{"lines that end with LF alone", []string{"GET / HTTP/1.0\n\n"}},
		{"not a head", []string{"GET / HTTP/1.1\r\n"}},
		{"silence", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			near, far := net.Pipe()
			defer far.Close()
			l.refuse(conn.New(near, l.sweeper), full)
			for _, part := range tc.parts { // a pipe has no buffer: each is read before the next
				if _, err := io.WriteString(far, part); err != nil {
					t.Fatalf("%q: %v: the refusal came before the question", part, err)
				}
			}
			if got, err := io.ReadAll(far); string(got) != string(full) || err != nil {
				t.Errorf("got %q, %v; want the refusal", got, err)
			}
		})
	}
	near, far := net.Pipe()
	l.refuse(conn.New(near, l.sweeper), full)
	_ = far.Close() // a client that leaves ends the refusal
	for range maxRefusals {
		l.refusals <- struct{}{} // all places are free again
	}
}

func TestNilLimit(t *testing.T) {
	var l *Limit
	if !l.begin() || l.Open() != 0 {
		t.Error("a nil limit bounds something")
	}
	l.end()
	if u := NewLimit(0); !u.begin() || u.Open() != 1 {
		t.Error("a limit of 0 bounds something, or does not count")
	}
}
