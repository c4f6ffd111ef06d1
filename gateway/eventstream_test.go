//go:build linux

package gateway_test

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"penstock/gateway/gatewaytest"
)

// eventOrigin sends one event and then nothing more. gone gets an element for each connection
// that the gateway closes.
func eventOrigin(t *testing.T, gone chan struct{}) *gatewaytest.Origin {
	return gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		if _, err := p.Head(); err != nil {
			return
		}
		_ = p.SetDeadline(time.Time{}) // only the gateway ends it
		p.Say("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n")
		_, _ = p.In.ReadByte()
		gone <- struct{}{}
	})
}

// listen opens an event stream and reads its first event.
func listen(t *testing.T, g *gatewaytest.Gateway) *gatewaytest.Client {
	t.Helper()
	c := gatewaytest.Dial(t, g.Address)
	c.Send(get)
	if head := c.Head(); !strings.HasPrefix(head, "HTTP/1.1 200 ") {
		t.Fatalf("got %q", head)
	}
	if _, err := io.ReadFull(c.In, make([]byte, len("9\r\ndata: 1\n\n\r\n"))); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestClientThatLeavesAQuietEventStreamEndsIt(t *testing.T) {
	for name, leave := range leaving {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gone := make(chan struct{}, 1)
			g := gatewaytest.Start(t, oneRoute(eventOrigin(t, gone).URL))
			leave(listen(t, g))
			select {
			case <-gone:
			case <-time.After(20 * time.Second): // timeouts.body_idle is 60 s
				t.Fatal("the backend's connection outlives the client")
			}
			const series = `penstock_faults_total{route="/*",fault="client-gone"}`
			gatewaytest.Eventually(t, series+" to be 1", func() bool { return g.Count(series) == "1" })
		})
	}
}

func TestQuietEventStreamGoesOnForClientsThatStay(t *testing.T) {
	for name, tc := range map[string]struct {
		config string
		leave  func(c *gatewaytest.Client)
	}{
		"a client that stays":                {"", func(*gatewaytest.Client) {}},
		"one that sent FIN, with finish: on": {", finish: on", leaving["FIN"]},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gone := make(chan struct{}, 1)
			origin := eventOrigin(t, gone)
			g := gatewaytest.Start(t, "routes: [{ path: \"/*\", upstream: \""+origin.URL+"\""+tc.config+" }]\n")
			tc.leave(listen(t, g))
			select {
			case <-gone:
				t.Fatal("the backend's connection ended")
			case <-time.After(2500 * time.Millisecond): // two looks at the client's connection
			}
		})
	}
}

// A client that ends its direction and still gets bytes gets all of them.
func TestBodyThatMovesOutlivesAFIN(t *testing.T) {
	t.Parallel()
	const pieces = 150
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		if _, err := p.Head(); err != nil {
			return
		}
		p.Say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for range pieces {
			p.Say("1\r\nx\r\n")
			<-tick.C
		}
		p.Say("0\r\n\r\n")
	})
	g := gatewaytest.Start(t, oneRoute(origin.URL))
	c := gatewaytest.Dial(t, g.Address)
	c.Send(get)
	if head := c.Head(); !strings.HasPrefix(head, "HTTP/1.1 200 ") {
		t.Fatalf("got %q", head)
	}
	_ = c.Conn.(*net.TCPConn).CloseWrite()
	if rest, err := io.ReadAll(c.In); err != nil || strings.Count(string(rest), "x") != pieces || !strings.HasSuffix(string(rest), "0\r\n\r\n") {
		t.Errorf("got %d pieces, %v", strings.Count(string(rest), "x"), err)
	}
}
