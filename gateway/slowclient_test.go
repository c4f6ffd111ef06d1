package gateway_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"penstock/gateway/gatewaytest"
)

// A response to a client that takes it slower than body_min_rate, on average, is cut, and the
// backend's connection is free. The kernel moves the sized body, buffers the chunked one.
func TestSlowClientIsCut(t *testing.T) {
	piece := strings.Repeat("x", 64<<10)
	for name, tc := range map[string]struct{ head, piece string }{
		"sized":   {"HTTP/1.1 200 OK\r\nContent-Length: 1099511627776\r\n\r\n", piece},
		"chunked": {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "10000\r\n" + piece + "\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lost := make(chan struct{})
			origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
				if _, err := p.Head(); err != nil {
					return
				}
				_, err := io.WriteString(p, tc.head)
				for err == nil {
					_, err = io.WriteString(p, tc.piece)
				}
				close(lost)
			})
			g := gatewaytest.Start(t, tooFast+oneRoute(origin.URL))
			wantSlowClient(t, g)
			<-lost
		})
	}
}

func TestSlowClientOfAStoredBodyIsCut(t *testing.T) {
	t.Parallel()
	origin := gatewaytest.NewOrigin(t, gatewaytest.Always("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 33554432\r\n\r\n"+strings.Repeat("x", 32<<20)))
	config := "cache: { memory: 128MiB, max_object: 32MiB }\n" + oneRoute(origin.URL, "    cache: { max_object: 32MiB }")
	g := gatewaytest.Start(t, config)
	if a := gatewaytest.Get(t, g.Address, "/"); len(a.Text) != 32<<20 {
		t.Fatalf("got %d bytes", len(a.Text))
	}
	if err := g.Reload(gatewaytest.Parse(t, tooFast+config)); err != nil {
		t.Fatal(err)
	}
	wantSlowClient(t, g)
	if n := origin.Connections(); n != 1 {
		t.Errorf("%d connections to the origin: the second body did not come from the store", n)
	}
}

// tooFast asks for more than any client takes.
const tooFast = "timeouts: { body_idle: 1s, body_min_rate: 1TiB/s }\n"

// wantSlowClient reads a response at 6 MiB/s, and expects that it is cut for that.
func wantSlowClient(t *testing.T, g *gatewaytest.Gateway) {
	t.Helper()
	c := gatewaytest.Dial(t, g.Address)
	began := time.Now()
	c.Send(get)
	buf, tick := make([]byte, 64<<10), time.NewTicker(10*time.Millisecond)
	defer tick.Stop()
	var err error
	for got := 0; err == nil && got < 500*len(buf); got += len(buf) { // 5 s of it
		<-tick.C
		_, err = io.ReadFull(c.In, buf)
	}
	if took := time.Since(began); err == nil || took < time.Second {
		t.Fatalf("ended with %v after %v, want a cut after a second", err, took)
	}
	const series = `penstock_faults_total{route="/*",fault="slow-client"}`
	gatewaytest.Eventually(t, series+" to be 1", func() bool { return g.Count(series) == "1" })
}

// The same client is fast enough for the default of body_min_rate: it gets all of a body that
// takes longer than body_idle.
func TestClientAboveTheRateIsServed(t *testing.T) {
	t.Parallel()
	const size = 12 << 20
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		if _, err := p.Head(); err == nil {
			_, _ = io.WriteString(p, gatewaytest.OK(strings.Repeat("x", size)))
		}
	})
	g := gatewaytest.Start(t, "timeouts: { body_idle: 1s }\n"+oneRoute(origin.URL))
	c := gatewaytest.Dial(t, g.Address)
	c.Send(get)
	if head := c.Head(); !strings.HasPrefix(head, "HTTP/1.1 200 ") {
		t.Fatalf("got %q", head)
	}
	buf, tick := make([]byte, 64<<10), time.NewTicker(10*time.Millisecond)
	defer tick.Stop()
	for left := size; left > 0; left -= len(buf) {
		<-tick.C
		if _, err := io.ReadFull(c.In, buf); err != nil {
			t.Fatalf("%d bytes before the end: %v", left, err)
		}
	}
}
