package conn

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

// until spins until ok holds: the state is inside the kernel or the scheduler, so no
// channel reports it. It gives up after ten seconds.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("%s: did not happen", what)
		}
	}
}

func TestPastReadDeadlineDoesNotTouchTheSocket(t *testing.T) {
	c, peer := pair(t)
	if _, err := peer.Write([]byte("abc")); err != nil {
		t.Fatal(err)
	}
	until(t, "bytes arrive", func() bool { return !c.Alive() })
	buf := make([]byte, 8)
	for _, past := range []time.Time{time.Unix(1, 0), time.Unix(-5, 0), time.Now(), time.Now().Add(-time.Millisecond)} {
		if err := c.SetReadDeadline(past); err != nil {
			t.Fatal(err)
		}
		if n, err := c.Read(buf); n != 0 || err != os.ErrDeadlineExceeded {
			t.Errorf("deadline %v: got %d, %v; want os.ErrDeadlineExceeded itself", past, n, err)
		}
	}
	if c.Reads() != 0 || c.in.fired.Load() {
		t.Errorf("got %d reads on the socket, raw deadline touched: %v; want none", c.Reads(), c.in.fired.Load())
	}
	for _, later := range []time.Time{{}, time.Now().Add(time.Hour)} {
		_ = c.SetReadDeadline(later)
		if n, err := c.Read(buf[:1]); n != 1 || err != nil {
			t.Errorf("deadline %v: got %d, %v; want one byte", later, n, err)
		}
	}
}

func TestPastDeadlineWakesBlockedCallAndIsUndone(t *testing.T) {
	near, peer := tcpPair(t)
	c := New(near, newSweeper(t, time.Hour)) // no tick can help
	ended := make(chan error)
	go func() { _, err := c.Read(make([]byte, 8)); ended <- err }()
	until(t, "Read begins", c.in.busy)
	_ = c.SetReadDeadline(time.Unix(1, 0))
	if err := <-ended; err != os.ErrDeadlineExceeded {
		t.Errorf("blocked Read: got %v, want os.ErrDeadlineExceeded", err)
	}
	go func() { _, err := c.Write(make([]byte, 64<<20)); ended <- err }()
	until(t, "Write begins", c.out.busy)
	_ = c.SetWriteDeadline(time.Unix(1, 0))
	if err := <-ended; err != os.ErrDeadlineExceeded {
		t.Errorf("blocked Write: got %v, want os.ErrDeadlineExceeded", err)
	}
	_ = c.SetDeadline(time.Time{})
	if _, err := peer.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Read(make([]byte, 8)); n != 1 || err != nil {
		t.Errorf("Read after the deadline was removed: got %d, %v", n, err)
	}
	go func() { _, _ = io.Copy(io.Discard, peer) }()
	if n, err := c.Write([]byte("y")); n != 1 || err != nil {
		t.Errorf("Write after the deadline was removed: got %d, %v", n, err)
	}
}

// inBubble runs f with a started sweeper under a fake clock.
func inBubble(t *testing.T, tick time.Duration, f func(t *testing.T, c *Conn, peer net.Conn)) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSweeper(tick)
		s.Start()
		near, far := net.Pipe()
		c := New(near, s)
		f(t, c, far)
		_ = far.Close()
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

func TestSweeperEndsBlockedCalls(t *testing.T) {
	const tick = 100 * time.Millisecond
	read := func(c *Conn) error { _, err := c.Read(make([]byte, 1)); return err }
	write := func(c *Conn) error { _, err := c.Write([]byte("x")); return err }
	for _, tc := range []struct {
		name     string
		set      func(c *Conn)
		call     func(c *Conn) error
		from, to time.Duration
	}{
		{"read deadline", func(c *Conn) { _ = c.SetReadDeadline(time.Now().Add(time.Second)) }, read, time.Second, time.Second + tick},
		{"write deadline: a peer that does not read", func(c *Conn) { _ = c.SetWriteDeadline(time.Now().Add(time.Second)) }, write, time.Second, time.Second + tick},
		{"coarse read deadline is never early", func(c *Conn) { c.SetReadDeadlineIn(time.Second) }, read, time.Second, time.Second + 2*tick},
		{"coarse write deadline is never early", func(c *Conn) { c.SetWriteDeadlineIn(time.Second) }, write, time.Second, time.Second + 2*tick},
		{"both at once", func(c *Conn) { _ = c.SetDeadline(time.Now().Add(time.Second)) }, write, time.Second, time.Second + tick},
		{"negative is past", func(c *Conn) { c.SetReadDeadlineIn(-1) }, read, 0, 0},
		{"shorter than a tick", func(c *Conn) { _ = c.SetReadDeadline(time.Now().Add(time.Millisecond)) }, read, time.Millisecond, tick},
		{"moved while blocked", func(c *Conn) {
			c.SetReadDeadlineIn(time.Second)
			time.AfterFunc(950*time.Millisecond, func() { _ = c.SetReadDeadline(time.Now().Add(2 * time.Second)) })
		}, read, 2950 * time.Millisecond, 2950*time.Millisecond + tick},
		{"removed and set again while blocked", func(c *Conn) {
			c.SetReadDeadlineIn(time.Second)
			time.AfterFunc(500*time.Millisecond, func() { c.SetReadDeadlineIn(0) })
			time.AfterFunc(5*time.Second, func() { c.SetReadDeadlineIn(-1) })
		}, read, 5 * time.Second, 5 * time.Second},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inBubble(t, tick, func(t *testing.T, c *Conn, _ net.Conn) {
				time.Sleep(1234567 * time.Nanosecond) // the fake clock: off the tick's grid
				start := time.Now()
				tc.set(c)
				if err := tc.call(c); err != os.ErrDeadlineExceeded {
					t.Fatalf("got %v, want os.ErrDeadlineExceeded", err)
				}
				if took := time.Since(start); took < tc.from || took > tc.to {
					t.Errorf("ended after %v, want %v to %v", took, tc.from, tc.to)
				}
			})
		})
	}
}

func TestSpuriousTimeoutIsNotSeen(t *testing.T) {
	c, peer := pair(t)
	got := make(chan error)
	go func() {
		_, err := c.Read(make([]byte, 1))
		got <- err
	}()
	until(t, "Read begins", c.in.busy)
	for range 100 { // what a sweep does that lost the race against an extension
		c.in.mu.Lock()
		c.in.fired.Store(true)
		c.setRaw(&c.in, longAgo)
		c.in.mu.Unlock()
		until(t, "Read clears it", func() bool { return !c.in.fired.Load() })
	}
	if _, err := peer.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := <-got; err != nil {
		t.Errorf("got %v, want the byte", err)
	}
}

func TestDeadlineStormLosesNothing(t *testing.T) {
	near, peer := tcpPair(t)
	c := New(near, newSweeper(t, 50*time.Microsecond))
	want := bytes.Repeat([]byte("0123456789abcdef"), 64<<10)
	go func() {
		_, _ = peer.Write(want)
		_ = peer.CloseWrite()
	}()
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			switch i % 4 {
			case 0:
				_ = c.SetReadDeadline(time.Unix(1, 0))
			case 1:
				_ = c.SetReadDeadline(time.Time{})
			case 2:
				_ = c.SetReadDeadline(time.Now().Add(60 * time.Microsecond))
			case 3:
				c.SetReadDeadlineIn(time.Hour)
			}
			runtime.Gosched()
		}
	}()
	var got []byte
	buf := make([]byte, 700)
	for {
		n, err := c.Read(buf)
		got = append(got, buf[:n]...)
		if err == io.EOF {
			break
		}
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal(err)
		}
	}
	close(stop)
	<-stopped
	if !bytes.Equal(got, want) || c.BytesRead() != int64(len(want)) {
		t.Errorf("got %d bytes, counted %d, equal %v; want %d", len(got), c.BytesRead(), bytes.Equal(got, want), len(want))
	}
}

func TestCoarseClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSweeper(0)
		s.Start()
		for range 50 {
			time.Sleep(37 * time.Millisecond) // the fake clock
			if behind := time.Since(s.Now()); behind < 0 || behind > DefaultTick {
				t.Errorf("clock is %v behind, want 0 to %v", behind, DefaultTick)
			}
		}
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
}
