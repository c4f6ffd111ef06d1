package gateway_test

import (
	"io"
	"strings"
	"testing"

	"penstock/gateway/gatewaytest"
)

// An open tunnel takes no connection of `pool.max` away from requests; tunnels have a
// number of their own.
func TestTunnelsHaveANumberOfTheirOwn(t *testing.T) {
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		for head, err := p.Head(); err == nil; head, err = p.Head() {
			if strings.Contains(head, "Upgrade: websocket") {
				_, _ = io.WriteString(p, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
				_, _ = io.Copy(io.Discard, p.In)
				return
			}
			_, _ = io.WriteString(p, gatewaytest.OK("ok"))
		}
	})
	g := gatewaytest.Start(t, "upstreams: { up: { backends: [\""+origin.URL+"\"], pool: { max: 1, queue: off } } }\n"+oneRoute("up"))
	const upgrade = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
	first := gatewaytest.Dial(t, g.Address)
	first.Send(upgrade)
	if head := first.Head(); !strings.HasPrefix(head, "HTTP/1.1 101 ") {
		t.Fatalf("got %q", head)
	}
	if a := gatewaytest.Get(t, g.Address, "/"); a.StatusCode != 200 {
		t.Errorf("a request beside a tunnel: got %d %s", a.StatusCode, a.Text)
	}
	second := gatewaytest.Dial(t, g.Address)
	second.Send(upgrade)
	a := second.Read("GET")
	if a.StatusCode != 503 || !strings.Contains(a.Text, `"reason":"tunnels-full"`) || a.Header.Get("Retry-After") == "" {
		t.Errorf("a second tunnel: got %d %v %s", a.StatusCode, a.Header, a.Text)
	}
	_ = first.Close()
	gatewaytest.Eventually(t, "no tunnel is open", func() bool { return g.Count("penstock_tunnels_open") == "0" })
	third := gatewaytest.Dial(t, g.Address)
	third.Send(upgrade)
	if head := third.Head(); !strings.HasPrefix(head, "HTTP/1.1 101 ") {
		t.Errorf("after the end of the first: got %q", head)
	}
}
