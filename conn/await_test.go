//go:build linux

package conn

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

func TestAwaitLeavesTheByte(t *testing.T) {
	s := newSweeper(t, time.Millisecond)
	for name, connect := range map[string]linkMaker{"tcp": tcpLink, "unix": unixLink} {
		t.Run(name, func(t *testing.T) {
			l := connect(t, s)
			if !l.src.CanAwait() {
				t.Fatal("a plain socket cannot await")
			}
			l.src.SetReadDeadlineIn(time.Millisecond)
			if err := l.src.Await(); err != os.ErrDeadlineExceeded {
				t.Errorf("past the deadline: %v", err)
			}
			if err := l.src.Await(); err != os.ErrDeadlineExceeded {
				t.Errorf("behind the deadline: %v", err)
			}
			l.src.SetReadDeadlineIn(0)
			came := make(chan error, 1)
			go func() { came <- l.src.Await() }()
			if _, err := io.WriteString(l.from, "byte"); err != nil {
				t.Fatal(err)
			}
			if err := <-came; err != nil || l.src.BytesRead() != 0 {
				t.Errorf("got %v, %d bytes read; want none read", err, l.src.BytesRead())
			}
			buf := make([]byte, 9)
			if n, err := l.src.Read(buf); string(buf[:n]) != "byte" || err != nil {
				t.Errorf("got %q, %v; want byte", buf[:n], err)
			}
		})
	}
}

func TestAwaitTellsTheEnd(t *testing.T) {
	for name, spoil := range map[string]func(peer *net.TCPConn) error{
		"ended": func(peer *net.TCPConn) error { return peer.CloseWrite() },
		"reset": func(peer *net.TCPConn) error { _ = peer.SetLinger(0); return peer.Close() },
	} {
		c, peer := pair(t)
		if err := spoil(peer); err != nil {
			t.Fatal(err)
		}
		if err := c.Await(); err == nil || (name == "ended") != (err == io.EOF) || c.SawEOF() != (err == io.EOF) {
			t.Errorf("%s: got %v, end seen %v", name, err, c.SawEOF())
		}
	}
	c, _ := pair(t)
	came := make(chan error, 1)
	go func() { came <- c.Await() }()
	until(t, "the wait begins", func() bool { return c.in.busy() })
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if err := <-came; !errors.Is(err, net.ErrClosed) {
		t.Errorf("closed meanwhile: got %v", err)
	}
}

func TestUnreadTellsBytesFromTheEnd(t *testing.T) {
	c, peer := pair(t)
	if c.Unread() {
		t.Error("nothing was sent")
	}
	if _, err := io.WriteString(peer, "x"); err != nil {
		t.Fatal(err)
	}
	until(t, "the byte arrives", c.Unread)
	if n, err := c.Read(make([]byte, 9)); n != 1 || err != nil {
		t.Fatalf("got %d, %v", n, err)
	}
	if err := peer.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	until(t, "the end arrives", func() bool { return !c.Alive() })
	if c.Unread() {
		t.Error("the end of the stream counts as a byte")
	}
	_ = c.Close()
	if c.Unread() {
		t.Error("closed, and still unread")
	}
}

func TestAwaitDoesNotAllocate(t *testing.T) {
	c, peer := pair(t)
	if _, err := io.WriteString(peer, "x"); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() { _ = c.Await() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
