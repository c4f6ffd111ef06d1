package conn

import (
	"context"
	"io"
	"net"
	"slices"
	"testing"
	"testing/synctest"
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

// sweep is one round.
func (s *Sweeper) sweep(now time.Duration) {
	for s.step(now); s.next < s.stride; {
		s.step(now)
	}
}

// Deadlines in every batch of a long list are found, and only those.
func TestSweepFindsAll(t *testing.T) {
	s := NewSweeper(time.Hour)
	var all []*Conn
	for i := range shares*batch + batch + 7 { // more than one batch a share
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

// Calls whose deadlines pass at the same moment end one after the other, and whatever
// is closed meanwhile, none is forgotten.
func TestManyDeadlinesEndSpreadOverATick(t *testing.T) {
	const tick, many = 160 * time.Millisecond, shares * few * 2 // connections, made one after the other
	synctest.Test(t, func(t *testing.T) {
		s := NewSweeper(tick)
		s.Start()
		all := make([]*Conn, many)
		for i := range all {
			all[i] = New(idle{}, s)
			all[i].in.calls.Add(oneCall)
			all[i].SetReadDeadlineIn(time.Second)
		}
		begin := time.Now()
		limit := time.Second + tick // of every deadline
		for before := 0; time.Since(begin) < limit+2*tick; {
			time.Sleep(tick / shares)
			synctest.Wait()
			var fired []*Conn
			for _, c := range all {
				if c.in.fired.Load() {
					fired = append(fired, c)
				}
			}
			if len(fired) > 0 && time.Since(begin) < limit {
				t.Fatalf("%d of %d ended after %v", len(fired), many, time.Since(begin))
			}
			if len(fired)-before > many/shares {
				t.Errorf("%d of %d ended at once", len(fired)-before, many)
			}
			before = len(fired)
			for _, c := range fired[:min(len(fired), 3)] {
				all = slices.DeleteFunc(all, func(d *Conn) bool { return d == c })
				_ = c.Close() // moves another one to its place
				before--
			}
		}
		for i, c := range all {
			if !c.in.fired.Load() {
				t.Errorf("connection %d of %d is forgotten", i, len(all))
			}
		}
		_ = s.Shutdown(t.Context())
	})
}

// A short list is looked at in one step a tick, an empty one too.
func TestFewConnectionsAreOneStep(t *testing.T) {
	s := NewSweeper(time.Second)
	for range 2 * few {
		if pause := s.step(0); pause != time.Second {
			t.Fatalf("%d connections: %v between steps", s.Len(), pause)
		}
		New(idle{}, s)
	}
	if pause := s.step(0); pause != time.Second/2 {
		t.Errorf("%d connections: %v between steps", s.Len(), pause)
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
