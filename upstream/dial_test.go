package upstream

import (
	"crypto/tls"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"penstock/conn"
	"penstock/exchange"
)

// newSweeper returns a running sweeper that ends with the test.
func newSweeper(t testing.TB) *conn.Sweeper {
	s := conn.NewSweeper(20 * time.Millisecond)
	s.Start()
	t.Cleanup(func() {
		s.CloseAll()
		if err := s.Shutdown(t.Context()); err != nil && t.Context().Err() == nil {
			t.Errorf("sweeper: %v", err)
		}
	})
	return s
}

// wantDialError fails the test unless err is a *DialError of that kind for that address.
func wantDialError(t *testing.T, err error, address string, kind exchange.Kind) {
	t.Helper()
	d, ok := errors.AsType[*DialError](err)
	if !ok {
		t.Fatalf("dial %s: got %v, want a *DialError", address, err)
	}
	if d.Kind != kind || d.Address != address {
		t.Errorf("dial: got kind %s for %s (%v), want %s for %s", d.Kind, d.Address, err, kind, address)
	}
	if got, want := d.Timeout(), kind == exchange.ConnectionTimeout; got != want {
		t.Errorf("%v: Timeout() is %v, want %v", err, got, want)
	}
}

func TestDialRefused(t *testing.T) {
	address := refusing(t)
	_, err := newDialer(address, newSweeper(t)).dial(time.Second)
	wantDialError(t, err, address, exchange.ConnectionRefused)
}

func TestDialUnix(t *testing.T) {
	path := filepath.Join(shortDir(t), "s")
	d := newDialer("unix:"+path, newSweeper(t))
	_, err := d.dial(time.Second)
	wantDialError(t, err, "unix:"+path, exchange.ConnectionRefused)

	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := d.dial(time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got := c.RemoteAddr().String(); got != path {
		t.Errorf("connected to %q, want %q", got, path)
	}
}

// shortDir returns a directory whose path fits in a socket address.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "up")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// The listener's backlog completes the TCP handshake, then nothing follows: the
// limit for connecting must cover the TLS handshake too.
func TestDialHandshakeTimesOut(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	d := newDialer(l.Addr().String(), newSweeper(t))
	d.tls = &tls.Config{ServerName: "a.test"}
	_, err = d.dial(50 * time.Millisecond)
	wantDialError(t, err, l.Addr().String(), exchange.ConnectionTimeout)
}

func TestDialHandshakeEndsEarly(t *testing.T) {
	for _, tc := range []struct {
		name   string
		answer string
		want   exchange.Kind
	}{
		{"the backend closes", "", exchange.ConnectionTerminated},
		{"the backend speaks plain HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n", exchange.TLSProtocolError},
		{"the backend sends an alert (RFC 8446 §6)", "\x15\x03\x03\x00\x02\x02\x28", exchange.TLSAlertReceived},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			go func() {
				c, err := l.Accept()
				if err != nil {
					return
				}
				defer c.Close()
				hello := make([]byte, 8<<10)
				_, _ = c.Read(hello) // unread input would turn the close into a reset
				_, _ = c.Write([]byte(tc.answer))
			}()
			d := newDialer(l.Addr().String(), newSweeper(t))
			d.tls = &tls.Config{ServerName: "a.test"}
			_, err = d.dial(5 * time.Second)
			wantDialError(t, err, l.Addr().String(), tc.want)
		})
	}
}
