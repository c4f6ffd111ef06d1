package conn

import (
	"context"
	"io"
	"net"
	"testing"
	"time"
)

// stillSweeper returns a sweeper whose clock only the test moves.
func stillSweeper(t testing.TB) *Sweeper {
	t.Helper()
	s := NewSweeper(time.Millisecond)
	t.Cleanup(func() { _ = s.Shutdown(context.Background()) })
	return s
}

// newSweeper returns a started sweeper that ends with the test.
func newSweeper(t testing.TB, tick time.Duration) *Sweeper {
	t.Helper()
	s := NewSweeper(tick)
	s.Start()
	t.Cleanup(func() {
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// tcpPair returns both ends of a loopback connection.
func tcpPair(t testing.TB) (near, far *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dialled, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dialled.Close(); accepted.Close() })
	return dialled.(*net.TCPConn), accepted.(*net.TCPConn)
}

// pair returns a wrapped connection and its raw peer.
func pair(t testing.TB) (*Conn, *net.TCPConn) {
	t.Helper()
	near, far := tcpPair(t)
	c := New(near, newSweeper(t, 5*time.Millisecond))
	t.Cleanup(func() { c.Close() })
	return c, far
}

func TestReadWriteCounts(t *testing.T) {
	c, peer := pair(t)
	if _, err := c.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 5)
	if _, err := io.ReadFull(peer, buf); err != nil || string(buf) != "hello" {
		t.Fatalf("peer got %q, %v; want hello", buf, err)
	}
	if _, err := peer.Write([]byte("abc")); err != nil {
		t.Fatal(err)
	}
	if err := peer.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if c.SawEOF() {
		t.Error("end of stream seen before it was read")
	}
	got, err := io.ReadAll(c)
	if err != nil || string(got) != "abc" {
		t.Fatalf("got %q, %v; want abc", got, err)
	}
	if !c.SawEOF() {
		t.Error("end of stream was read but not remembered")
	}
	if c.BytesRead() != 3 || c.BytesWritten() != 5 || c.Reads() < 2 {
		t.Errorf("got %d read, %d written, %d reads; want 3, 5, at least 2", c.BytesRead(), c.BytesWritten(), c.Reads())
	}
}
