package conn

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"
)

func TestCloseOnceCallsBackOnce(t *testing.T) {
	c, peer := pair(t)
	calls := make(chan int, 8)
	c.OnClose(func() { calls <- 1 })
	c.OnClose(func() { calls <- 2 })
	done := make(chan struct{})
	for range 4 {
		go func() { _ = c.Close(); done <- struct{}{} }()
	}
	for range 4 {
		<-done
	}
	c.Abort()
	c.OnClose(func() { calls <- 3 })
	close(calls)
	var got []int
	for n := range calls {
		got = append(got, n)
	}
	if len(got) != 3 || got[0] != 1 || got[1] != 2 || got[2] != 3 {
		t.Errorf("callbacks: got %v, want [1 2 3]", got)
	}
	if n, err := peer.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("peer got %d, %v; want the end of the stream", n, err)
	}
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Read after Close: got %v, want net.ErrClosed", err)
	}
	if c.sweeper.Len() != 0 || c.Alive() {
		t.Errorf("still registered: %d, alive: %v", c.sweeper.Len(), c.Alive())
	}
}

// A refused upload: the response must reach a peer that is still sending.
func TestLingerSavesTheAnswer(t *testing.T) {
	c, peer := pair(t)
	upload := make(chan error)
	go func() {
		_, err := peer.Write(bytes.Repeat([]byte("u"), 2<<20))
		_ = peer.CloseWrite()
		upload <- err
	}()
	if _, err := c.Read(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	_ = c.SetReadDeadline(time.Unix(1, 0)) // as after a timeout
	if _, err := c.Write([]byte("413")); err != nil {
		t.Fatal(err)
	}
	c.Linger(64<<20, 10*time.Second)
	if err := c.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if err := <-upload; err != nil {
		t.Errorf("upload: %v", err)
	}
	if got, err := io.ReadAll(peer); err != nil || string(got) != "413" {
		t.Errorf("peer got %q, %v; want 413", got, err)
	}
}

func TestLingerIsBounded(t *testing.T) {
	for _, tc := range []struct {
		name  string
		limit int64
		d     time.Duration
		flood bool
		cut   func(c *Conn)
	}{
		{name: "by bytes", limit: 100 << 10, d: time.Hour, flood: true},
		{name: "by time, silent peer", limit: 1 << 40, d: 20 * time.Millisecond},
		{name: "by time, busy peer", limit: 1 << 50, d: 20 * time.Millisecond, flood: true},
		{name: "by CloseAll", limit: 1 << 40, d: time.Hour, cut: func(c *Conn) { c.sweeper.CloseAll() }},
		{name: "by Abort", limit: 1 << 40, d: time.Hour, cut: (*Conn).Abort},
		{name: "by Shutdown", limit: 1 << 40, d: time.Hour, cut: func(c *Conn) { _ = c.sweeper.Shutdown(context.Background()) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, peer := pair(t)
			c.Linger(tc.limit, tc.d)
			if tc.flood {
				go func() {
					for piece := make([]byte, 64<<10); ; {
						if _, err := peer.Write(piece); err != nil {
							return
						}
					}
				}()
			}
			closed := make(chan struct{})
			go func() { _ = c.Close(); close(closed) }()
			if _, err := peer.Read(make([]byte, 1)); err != io.EOF && !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("peer: got %v, want the end of our direction", err)
			}
			if tc.cut != nil {
				tc.cut(c)
			}
			<-closed
			if n := c.sweeper.Len(); n != 0 {
				t.Errorf("%d connections left", n)
			}
		})
	}
}

func TestAbortResets(t *testing.T) {
	c, peer := pair(t)
	if _, err := c.Write([]byte("half")); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 8)
	if n, err := peer.Read(buf); n != 4 || err != nil {
		t.Fatalf("got %d, %v", n, err)
	}
	c.Abort()
	if n, err := peer.Read(buf); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %d, %v; want a reset, which cannot be taken for the end", n, err)
	}
}

func TestCloseWrite(t *testing.T) {
	c, peer := pair(t)
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := peer.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("peer: got %v, want io.EOF", err)
	}
	if _, err := peer.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Read(make([]byte, 1)); n != 1 || err != nil {
		t.Errorf("other direction: got %d, %v; want it open", n, err)
	}
	near, far := net.Pipe()
	defer far.Close()
	p := New(near, c.sweeper)
	defer p.Close()
	if err := p.CloseWrite(); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("pipe: got %v, want errors.ErrUnsupported", err)
	}
}
