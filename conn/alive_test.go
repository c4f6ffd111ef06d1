package conn

import (
	"crypto/tls"
	"net"
	"testing"
	"time"
)

func TestAlive(t *testing.T) {
	s := newSweeper(t, time.Millisecond)
	for name, connect := range map[string]linkMaker{"tcp": tcpLink, "unix": unixLink} {
		t.Run(name, func(t *testing.T) {
			l := connect(t, s)
			for range 2 {
				if !l.src.Alive() {
					t.Fatal("quiet connection: got dead")
				}
			}
			l.src.SetReadDeadlineIn(-1)
			if !l.src.Alive() {
				t.Error("a passed deadline says nothing about the peer: got dead")
			}
			l.src.SetReadDeadlineIn(0)
			if _, err := l.from.Write([]byte("HTTP/1.1 408")); err != nil {
				t.Fatal(err)
			}
			until(t, "unsolicited bytes make it dead", func() bool { return !l.src.Alive() })
			if n, err := l.src.Read(make([]byte, 99)); n != 12 || err != nil {
				t.Errorf("the probe took bytes: got %d, %v; want 12", n, err)
			}
			if !l.src.Alive() {
				t.Error("after reading: got dead")
			}
			_ = l.from.Close()
			until(t, "the peer's end makes it dead", func() bool { return !l.src.Alive() })
			if !l.dst.Alive() {
				t.Fatal("other connection: got dead")
			}
			_ = l.dst.Close()
			if l.dst.Alive() {
				t.Error("closed by us: got alive")
			}
		})
	}
}

func TestAliveAfterReset(t *testing.T) {
	c, peer := pair(t)
	_ = peer.SetLinger(0)
	_ = peer.Close()
	until(t, "a reset makes it dead", func() bool { return !c.Alive() })
}

func TestAliveWithoutSocket(t *testing.T) {
	near, far := net.Pipe()
	c := New(near, newSweeper(t, time.Millisecond))
	if !c.Alive() {
		t.Error("got dead, want the benefit of the doubt")
	}
	_ = far.Close()
	_, _ = c.Read(make([]byte, 1))
	if c.Alive() {
		t.Error("after the end was read: got alive")
	}
}

func TestAliveTLS(t *testing.T) {
	s := newSweeper(t, time.Millisecond)
	for name, version := range map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13} {
		t.Run(name, func(t *testing.T) {
			c, server := tlsPair(t, s, version)
			if !c.Alive() {
				t.Error("session ticket pending before the first Read: got dead")
			}
			swap(t, c, server)
			for range 3 {
				if !c.Alive() {
					t.Fatal("quiet connection: got dead")
				}
				swap(t, c, server) // the probe left the session whole
			}
			if _, err := server.Write([]byte("408")); err != nil {
				t.Fatal(err)
			}
			until(t, "unsolicited payload makes it dead", func() bool { return !c.Alive() })

			c, server = tlsPair(t, s, version)
			swap(t, c, server)
			_ = server.Close()
			until(t, "close_notify makes it dead", func() bool { return !c.Alive() })
		})
	}
}

// Two records in one segment: the second was read ahead, the socket is empty.
func TestAliveTLSFindsWhatWasReadAhead(t *testing.T) {
	c, server := tlsPair(t, newSweeper(t, time.Millisecond), 0)
	swap(t, c, server)
	if _, err := server.Write([]byte("ab")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if c.Alive() {
		t.Error("got alive, want the unread byte found")
	}
}
