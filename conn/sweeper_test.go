package conn

import (
	"context"
	"io"
	"net"
	"testing"
	"time"
)

// idle is a net.Conn for tests and benchmarks of the registry: it does nothing.
type idle struct{ net.Conn }

func (idle) Close() error                     { return nil }
func (idle) SetReadDeadline(time.Time) error  { return nil }
func (idle) SetWriteDeadline(time.Time) error { return nil }

func TestRegistry(t *testing.T) {
	s := newSweeper(t, time.Hour)
	var all []*Conn
	for range 3000 {
		all = append(all, New(idle{}, s))
	}
	if got := s.Len(); got != 3000 {
		t.Fatalf("got %d connections, want 3000", got)
	}
	for i := 0; i < len(all); i += 2 { // from the front: every removal moves the last one
		_ = all[i].Close()
		_ = all[i].Close()
	}
	seen := map[*Conn]bool{}
	s.Each(func(c *Conn) { seen[c] = true })
	for i, c := range all {
		if seen[c] != (i%2 == 1) {
			t.Fatalf("connection %d: got registered %v", i, seen[c])
		}
	}
	s.Each(func(c *Conn) { _ = c.Close() })
	if got := s.Len(); got != 0 {
		t.Errorf("got %d connections, want 0", got)
	}
}

// Deadlines in every batch of a long list are found, and only those.
func TestSweepFindsAll(t *testing.T) {
	s := NewSweeper(time.Hour)
	var all []*Conn
	for i := range 3*batch + 7 {
		c := New(idle{}, s)
		all = append(all, c)
		c.in.calls.Add(oneCall)
		switch i % 3 {
		case 0:
			c.in.deadline.Store(int64(5 * time.Second))
		case 1:
			c.in.deadline.Store(int64(7 * time.Second))
		}
	}
	s.sweep(6 * time.Second)
	for i, c := range all {
		if got, want := c.in.fired.Load(), i%3 == 0; got != want {
			t.Fatalf("connection %d: got fired %v, want %v", i, got, want)
		}
	}
}

func TestShutdown(t *testing.T) {
	s := NewSweeper(time.Millisecond)
	s.Start()
	s.Start()
	near, far := tcpPair(t)
	c := New(near, s)
	if _, err := c.Write([]byte("last words")); err != nil {
		t.Fatal(err)
	}
	if err := s.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(far); err != nil || string(got) != "last words" {
		t.Errorf("peer got %q, %v; want what was written, then the end", got, err)
	}
	late, lateFar := tcpPair(t)
	closed := false
	lc := New(late, s)
	lc.OnClose(func() { closed = true })
	if _, err := lateFar.Read(make([]byte, 1)); err != io.EOF || !closed {
		t.Errorf("connection made after Shutdown: got %v, closed %v; want it closed", err, closed)
	}
	if err := s.Shutdown(context.Background()); err != nil {
		t.Errorf("second Shutdown: %v", err)
	}
}

func TestShutdownHonoursContext(t *testing.T) {
	s := NewSweeper(time.Millisecond)
	s.started.Store(true) // a run that never ends
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Shutdown(ctx); err == nil {
		t.Error("got nil, want the context's error")
	}
}
