package admin

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// crowd opens n connections that send text each, and returns how to read from them.
func crowd(t *testing.T, s *site, n int, text string) []net.Conn {
	t.Helper()
	var all []net.Conn
	for range n {
		c, err := net.Dial("tcp", s.s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		if _, err := io.WriteString(c, text); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

func TestHealthIsHeardWhoeverElseIsConnected(t *testing.T) {
	for _, tc := range []struct{ name, text string }{
		{"silent", ""},
		{"half a head", "GET /healthz HTTP/1.1\r\nHost: loc"},
		{"idle after a request", "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"},
		{"a body that does not come", "POST /api/reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := serve(t, &gateway{}, nil)
			others := crowd(t, s, 3*maxConnections/2, tc.text)
			if strings.HasSuffix(tc.text, "localhost\r\n\r\n") {
				for _, c := range others { // until each has its response, or is closed
					_, _ = http.ReadResponse(bufio.NewReader(c), nil)
				}
			}
			for _, target := range []string{"/healthz", "/readyz", "/metrics", "/api/routes"} {
				if a := raw(t, s, "GET "+target+" HTTP/1.1\r\nHost: localhost\r\n\r\n"); a.status != 200 {
					t.Errorf("%s: got %d %s, want 200", target, a.status, a.body)
				}
			}
			if n := len(s.s.listener.open()); n > maxConnections {
				t.Errorf("got %d open connections, want at most %d", n, maxConnections)
			}
		})
	}
}

// stuck is a Reloader that waits.
type stuck struct{ begun, hold chan struct{} }

func (r *stuck) Reload(context.Context) (uint64, error) {
	r.begun <- struct{}{}
	<-r.hold
	return 1, nil
}

func TestTheLastConnectionsAreForHealth(t *testing.T) {
	r := &stuck{begun: make(chan struct{}, maxConnections), hold: make(chan struct{})}
	s := serve(t, &gateway{}, func(o *Options) { o.Reloader = r })
	crowd(t, s, maxConnections-healthShare, "POST /api/reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
	defer close(r.hold)
	for range maxConnections - healthShare {
		<-r.begun
	}
	crowd(t, s, 2*healthShare, "") // the share too is kept from those that say nothing
	for range 2 * healthShare {
		c := crowd(t, s, 1, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")[0]
		if text, err := io.ReadAll(c); err != nil || !strings.HasPrefix(string(text), "HTTP/1.1 200 ") {
			t.Fatalf("healthz: got %q and %v, want 200 and the end of the connection", text, err)
		}
	}
	s.wantProblem(raw(t, s, "GET /api/routes HTTP/1.1\r\nHost: localhost\r\n\r\n"), 503, "are in use")
}

func TestTheFirstByteHasLessTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &listener{conns: map[*tracked]struct{}{}}
		for _, tc := range []struct {
			name string
			sent string
			want time.Duration
		}{
			{"silent", "", firstByteTime},
			{"slow", "G", readTimeout},
		} {
			client, server := net.Pipe()
			c := l.admit(server)
			begin := time.Now()
			if err := c.SetReadDeadline(begin.Add(readTimeout)); err != nil {
				t.Fatal(err)
			}
			go func() { _, _ = io.WriteString(client, tc.sent) }()
			_, err := io.ReadAll(c)
			if took := time.Since(begin); !errors.Is(err, os.ErrDeadlineExceeded) || took != tc.want {
				t.Errorf("%s: got %v after %v, want the deadline after %v", tc.name, err, took, tc.want)
			}
			_ = client.Close()
			_ = c.Close()
		}
	})
}
