package gateway_test

import (
	"io"
	"net"
	"testing"

	"penstock/gateway/gatewaytest"
)

func TestClientThatLeavesBeforeItsUpgradeLeaksNothing(t *testing.T) {
	const clients = 4
	asked, gone, freed := make(chan struct{}), make(chan struct{}), make(chan error, clients)
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		if _, err := p.Head(); err != nil {
			return
		}
		asked <- struct{}{}
		<-gone
		_, _ = io.WriteString(p, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		_, err := p.In.ReadByte()
		freed <- err
	})
	g := gatewaytest.Start(t, "limits: { requests: 1 }\nupstreams: { up: { backends: [ { url: \""+origin.URL+"\" } ], pool: { max: 1 } } }\n"+oneRoute("up"))
	for range clients { // a tunnel that does not end would occupy the only place
		c := gatewaytest.Dial(t, g.Address)
		c.Send("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		<-asked
		(&gatewaytest.Peer{Conn: c.Conn}).Reset()
		gone <- struct{}{}
		if err := <-freed; err == nil || isTimeout(err) {
			t.Fatalf("the backend's connection was not closed: %v", err)
		}
		for _, gauge := range []string{`penstock_requests_in_flight{route="/*"}`, `penstock_backend_requests_in_flight{upstream="up",backend="` + origin.Address + `"}`} {
			gatewaytest.Eventually(t, gauge+" to be 0", func() bool { return g.Count(gauge) == "0" })
		}
	}
}

func isTimeout(err error) bool {
	t, ok := err.(net.Error)
	return ok && t.Timeout()
}
