package gateway_test

import (
	"cmp"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"penstock/gateway/gatewaytest"
)

// Most clients write the whole request before they read. If the gateway closed while such a
// client still sends, the kernel would discard the response. The gateway therefore reads on
// for lingerTime. A round in which the machine was slower than that shows nothing.
func TestEarlyAnswerReachesClientThatOnlyWrites(t *testing.T) {
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		if _, err := p.Head(); err == nil {
			_, _ = io.WriteString(p, "HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno")
			_, _ = io.Copy(io.Discard, p)
		}
	})
	body := strings.Repeat("x", 12<<20) // more than the sockets between the two hold
	for name, config := range map[string]string{
		"of the backend": "limits: { body: off }\n" + oneRoute(origin.URL),
		"of the gateway": "limits: { body: 1MiB }\n" + oneRoute(origin.URL),
		"of a policy":    fixed("hi"),
	} {
		t.Run(name, func(t *testing.T) {
			g := gatewaytest.Start(t, config)
			for range 20 {
				c := gatewaytest.Dial(t, g.Address)
				_ = c.Conn.(*net.TCPConn).SetWriteBuffer(64 << 10)
				began := time.Now()
				_, lost := io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: "+strconv.Itoa(len(body))+"\r\n\r\n"+body)
				a, err := c.TryRead("POST")
				if lost = cmp.Or(lost, err, a.Err); lost == nil {
					if !a.Close {
						t.Errorf("got %d without close", a.StatusCode)
					}
					return
				}
				if took := time.Since(began); took < time.Second {
					t.Fatalf("after %v: %v", took, lost)
				}
			}
			t.Error("every attempt took longer than a second, and failed")
		})
	}
}
