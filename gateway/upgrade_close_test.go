package gateway_test

import (
	"io"
	"strings"
	"testing"

	"penstock/gateway/gatewaytest"
)

// A client that requests an upgrade and the end of the connection gets an ordinary response
// and the end, never a 101 without a tunnel (RFC 9110 §7.8, RFC 9112 §9.6).
func TestUpgradeOfAConnectionThatIsToClose(t *testing.T) {
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		head, err := p.Head()
		switch {
		case err != nil:
		case strings.Contains(head, "Upgrade: websocket\r\n"):
			_, _ = io.WriteString(p, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")
			_, _ = io.Copy(p, p.In) // echo
		default:
			_, _ = io.WriteString(p, gatewaytest.OK("plain"))
		}
	})
	g := gatewaytest.Start(t, oneRoute(origin.URL))
	for _, connection := range []string{"close, upgrade", "Upgrade, Close", "upgrade\r\nConnection: close"} {
		c := gatewaytest.Dial(t, g.Address)
		c.Send("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: " + connection + "\r\nUpgrade: websocket\r\n\r\n")
		if a := c.Read("GET"); a.StatusCode != 200 || a.Text != "plain" || !a.Close || !c.Closed() {
			t.Errorf("Connection: %q: got %d %q, close %v", connection, a.StatusCode, a.Text, a.Close)
		}
	}
}

// The last request of a connection, and one during a drain, may still become a tunnel.
func TestUpgradeAsTheLastRequest(t *testing.T) {
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		if _, err := p.Head(); err == nil {
			_, _ = io.WriteString(p, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")
			_, _ = io.Copy(p, p.In) // echo
		}
	})
	g := gatewaytest.Start(t, "limits: { requests_per_connection: 1 }\n"+oneRoute(origin.URL))
	c := gatewaytest.Dial(t, g.Address)
	c.Send("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nping")
	if head := c.Head(); !strings.HasPrefix(head, "HTTP/1.1 101 ") || strings.Contains(head, "close") {
		t.Errorf("got %q", head)
	}
	echo := make([]byte, 4)
	if _, err := io.ReadFull(c.In, echo); err != nil || string(echo) != "ping" {
		t.Errorf("through the tunnel: %q, %v", echo, err)
	}
}
