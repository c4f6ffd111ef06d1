package gateway_test

import (
	"io"
	"strconv"
	"strings"
	"testing"

	"penstock/gateway/gatewaytest"
)

// A client that writes everything before it reads is the common one: closing on
// what it still sends would destroy the answer.
func TestEarlyAnswerReachesClientThatOnlyWrites(t *testing.T) {
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		if _, err := p.Head(); err == nil {
			_, _ = io.WriteString(p, "HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno")
			_, _ = io.Copy(io.Discard, p)
		}
	})
	body := strings.Repeat("x", 24<<20)
	for name, config := range map[string]string{
		"of the backend": "limits: { body: off }\n" + oneRoute(origin.URL),
		"of the gateway": "limits: { body: 1MiB }\n" + oneRoute(origin.URL),
		"of a policy":    fixed("hi"),
	} {
		t.Run(name, func(t *testing.T) {
			c := gatewaytest.Dial(t, gatewaytest.Start(t, config).Address)
			c.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)
			if a := c.Read("POST"); a.Err != nil || !a.Close {
				t.Errorf("got %d, close %v: %v", a.StatusCode, a.Close, a.Err)
			}
		})
	}
}
