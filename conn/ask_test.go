package conn

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"testing"
	"time"
)

// answerOnce reads a request of n bytes and responds to it.
func answerOnce(peer net.Conn, n int, text string) {
	if _, err := io.ReadFull(peer, make([]byte, n)); err == nil {
		_, _ = peer.Write([]byte(text))
	}
}

func TestAskWaitsForTheAnswer(t *testing.T) {
	s := newSweeper(t, time.Millisecond)
	for name, connect := range map[string]linkMaker{"tcp": tcpLink, "unix": unixLink} {
		t.Run(name, func(t *testing.T) {
			l := connect(t, s)
			buf := make([]byte, 9)
			for i := 1; i <= 3; i++ {
				go answerOnce(l.from, 4, "answer")
				if n, err := l.src.Ask([]byte("ask?")); n != 4 || err != nil {
					t.Fatalf("Ask: got %d, %v; want 4", n, err)
				}
				if runtime.GOOS == "linux" && l.src.Alive() {
					t.Error("nothing to read when Ask returned")
				}
				if n, err := l.src.Read(buf); string(buf[:n]) != "answer" || err != nil {
					t.Fatalf("got %q, %v; want answer", buf[:n], err)
				}
				if r, w := l.src.BytesRead(), l.src.BytesWritten(); r != int64(6*i) || w != int64(4*i) {
					t.Errorf("counted %d read, %d written; want %d, %d", r, w, 6*i, 4*i)
				}
			}
		})
	}
}

func TestAskSendsNothingOnStaleConnection(t *testing.T) {
	for name, spoil := range map[string]func(peer *net.TCPConn) error{
		"bytes nobody asked for": func(peer *net.TCPConn) error { _, err := peer.Write([]byte("HTTP/1.1 408")); return err },
		"closed by the peer":     func(peer *net.TCPConn) error { return peer.CloseWrite() },
		"reset":                  func(peer *net.TCPConn) error { _ = peer.SetLinger(0); return peer.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			c, peer := pair(t)
			if err := spoil(peer); err != nil {
				t.Fatal(err)
			}
			until(t, "it arrives", func() bool { return !c.Alive() })
			if n, err := c.Ask([]byte("ask?")); n != 0 || err != ErrStale || c.BytesWritten() != 0 {
				t.Errorf("got %d, %v, %d written; want ErrStale and nothing written", n, err, c.BytesWritten())
			}
		})
	}
}

func TestAskRemembersTheEnd(t *testing.T) {
	c, peer := pair(t)
	_ = peer.CloseWrite()
	if _, err := c.Read(make([]byte, 1)); err != io.EOF {
		t.Fatalf("got %v, want io.EOF", err)
	}
	if _, err := c.Ask([]byte("ask?")); err != ErrStale {
		t.Errorf("after the end was read: got %v, want ErrStale", err)
	}
	c, _ = pair(t)
	_ = c.Close()
	if _, err := c.Ask([]byte("ask?")); err != ErrStale {
		t.Errorf("closed by us: got %v, want ErrStale", err)
	}
}

// The wait is bound by the read deadline, but Ask has done its part: Read returns the error.
func TestAskLeavesDeadlineToRead(t *testing.T) {
	c, peer := pair(t)
	for name, d := range map[string]time.Duration{"while it waits": time.Millisecond, "before": -1} {
		c.SetReadDeadlineIn(d)
		if n, err := c.Ask([]byte("ask?")); n != 4 || err != nil {
			t.Fatalf("deadline passed %s: got %d, %v; want 4 sent", name, n, err)
		}
		if _, err := c.Read(make([]byte, 1)); err != os.ErrDeadlineExceeded {
			t.Errorf("deadline passed %s: Read got %v, want os.ErrDeadlineExceeded", name, err)
		}
	}
	answerOnce(peer, 8, "x")
	c.SetReadDeadlineIn(0)
	if n, err := c.Read(make([]byte, 9)); n != 1 || err != nil {
		t.Errorf("after both deadlines: got %d, %v; want the answer", n, err)
	}
	c.SetWriteDeadlineIn(-1)
	if n, err := c.Ask([]byte("ask?")); n != 0 || err != os.ErrDeadlineExceeded {
		t.Errorf("past the write deadline: got %d, %v; want os.ErrDeadlineExceeded", n, err)
	}
}

func TestAskGoesOnWhenThePeerIsSlow(t *testing.T) {
	near, far := tcpPair(t)
	_ = near.SetWriteBuffer(4 << 10)
	c := New(near, newSweeper(t, time.Millisecond))
	t.Cleanup(func() { _ = c.Close() })
	for _, size := range []int{maxAsked, maxAsked + 1, 1 << 20} {
		p := bytes.Repeat([]byte("0123456789abcdef"), size/16+1)[:size]
		got := make(chan []byte, 1)
		go func() {
			b := make([]byte, size)
			_, _ = io.ReadFull(far, b)
			got <- b
			_, _ = far.Write([]byte("x"))
		}()
		if n, err := c.Ask(p); n != size || err != nil {
			t.Fatalf("%d bytes: got %d, %v", size, n, err)
		}
		if b := <-got; !bytes.Equal(b, p) {
			t.Errorf("%d bytes: they arrived in disorder", size)
		}
		if n, err := c.Read(make([]byte, 9)); n != 1 || err != nil {
			t.Errorf("%d bytes: answer: got %d, %v", size, n, err)
		}
	}
}

func TestAskEndsWhenClosed(t *testing.T) {
	c, peer := pair(t)
	go func() {
		_, _ = io.ReadFull(peer, make([]byte, 4))
		c.Abort()
	}()
	if n, err := c.Ask([]byte("ask?")); n != 4 || err != nil {
		t.Errorf("got %d, %v; want 4 sent", n, err)
	}
	until(t, "it is closed", c.closing.Load)
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Read: got %v, want net.ErrClosed", err)
	}
}

func TestAskTLS(t *testing.T) {
	c, server := tlsPair(t, newSweeper(t, time.Millisecond), 0)
	swap(t, c, server)
	go answerOnce(server, 4, "answer")
	if n, err := c.Ask([]byte("ask?")); n != 4 || err != nil {
		t.Fatalf("got %d, %v; want 4", n, err)
	}
	buf := make([]byte, 9)
	if n, err := c.Read(buf); string(buf[:n]) != "answer" || err != nil {
		t.Fatalf("got %q, %v; want answer", buf[:n], err)
	}
	_ = server.Close()
	until(t, "close_notify arrives", func() bool { return !c.Alive() })
	if n, err := c.Ask([]byte("ask?")); n != 0 || err != ErrStale {
		t.Errorf("after close_notify: got %d, %v; want ErrStale", n, err)
	}
}

// Errors of the socket itself are described as package net does.
func TestSocketErrors(t *testing.T) {
	c, peer := pair(t)
	_ = peer.SetLinger(0)
	_ = peer.Close()
	until(t, "the reset arrives", func() bool { return !c.Alive() })
	_, err := c.Read(make([]byte, 1))
	op, ok := errors.AsType[*net.OpError](err)
	if !ok || op.Op != "read" || op.Source.String() != c.LocalAddr().String() {
		t.Errorf("Read: got %v, want a net.OpError of read with both addresses", err)
	}
	if _, err = c.Write([]byte("x")); err == nil {
		t.Error("Write after a reset: got nil")
	}
}
