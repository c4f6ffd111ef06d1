package gateway_test

import (
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"penstock/gateway/gatewaytest"
)

// over is a configuration with one route over an upstream of these URLs.
func over(retry string, urls ...string) string {
	return "routes:\n  - path: \"/*\"\n    upstream: [\"" + strings.Join(urls, "\", \"") + "\"]\n    retry: " + retry + "\n"
}

// resetting takes a request and resets the connection.
func resetting(hits *atomic.Int32) func(p *gatewaytest.Peer) {
	return func(p *gatewaytest.Peer) {
		if _, err := p.Request(); err == nil {
			hits.Add(1)
			p.Reset()
		}
	}
}

func TestConnectFailureGoesToAnotherBackend(t *testing.T) {
	good := gatewaytest.NewOrigin(t, sink(nil))
	g := gatewaytest.Start(t, over("{ times: 1, backoff: 1ms..2ms }", "http://"+gatewaytest.Dead(t), good.URL))
	for range 20 {
		if a := gatewaytest.Get(t, g.Address, "/"); a.StatusCode != 200 {
			t.Fatalf("GET: %d %s", a.StatusCode, a.Text)
		}
		c := gatewaytest.Dial(t, g.Address)
		c.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
		if a := c.Read("POST"); a.Text != sumOf("hi") {
			t.Fatalf("POST, of which nothing was sent: %d %s", a.StatusCode, a.Text)
		}
		c = gatewaytest.Dial(t, g.Address)
		c.Send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n")
		if a := c.Read("POST"); a.Text != sumOf("hi") {
			t.Fatalf("streamed POST, of which nothing was read: %d %s", a.StatusCode, a.Text)
		}
	}
}

func TestResetRepeatsAGetButNeverAPost(t *testing.T) {
	var hits atomic.Int32
	bad := gatewaytest.NewOrigin(t, resetting(&hits))
	good := gatewaytest.NewOrigin(t, gatewaytest.Always(gatewaytest.OK("good")))
	g := gatewaytest.Start(t, over("{ times: 1, backoff: 1ms..2ms }", bad.URL, good.URL))
	for range 4 {
		if a := gatewaytest.Get(t, g.Address, "/"); a.Text != "good" {
			t.Errorf("GET: %d %s", a.StatusCode, a.Text)
		}
	}
	hits.Store(0)
	failed := int32(0)
	for range 4 {
		c := gatewaytest.Dial(t, g.Address)
		c.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
		if a := c.Read("POST"); a.StatusCode == 502 {
			failed++
		}
	}
	if failed == 0 || failed != hits.Load() {
		t.Errorf("%d POSTs failed and the bad backend saw %d; each must be seen once and fail", failed, hits.Load())
	}
}

func TestPostWithItsKeyMayBeRepeated(t *testing.T) {
	var hits atomic.Int32
	bad := gatewaytest.NewOrigin(t, resetting(&hits))
	good := gatewaytest.NewOrigin(t, sink(nil))
	g := gatewaytest.Start(t, over("{ times: 1, methods: [POST], need: Idempotency-Key, backoff: 1ms..2ms }", bad.URL, good.URL))
	for range 4 {
		c := gatewaytest.Dial(t, g.Address)
		c.Send("POST / HTTP/1.1\r\nHost: a\r\nIdempotency-Key: 7\r\nContent-Length: 2\r\n\r\nhi")
		if a := c.Read("POST"); a.Text != sumOf("hi") {
			t.Errorf("got %d %s", a.StatusCode, a.Text)
		}
	}
	if hits.Load() == 0 {
		t.Errorf("the bad backend was never tried")
	}
}

func TestNamedStatusIsRetriedElsewhereAndDeliveredInTheEnd(t *testing.T) {
	busy := "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy"
	bad := gatewaytest.NewOrigin(t, gatewaytest.Always(busy))
	good := gatewaytest.NewOrigin(t, gatewaytest.Always(gatewaytest.OK("good")))
	g := gatewaytest.Start(t, over("{ times: 1, when: [503], backoff: 1ms..2ms }", bad.URL, good.URL))
	for range 4 {
		if a := gatewaytest.Get(t, g.Address, "/"); a.Text != "good" {
			t.Errorf("got %d %s", a.StatusCode, a.Text)
		}
	}
	alone := gatewaytest.Start(t, over("{ times: 2, when: [503], backoff: 1ms..2ms }", bad.URL))
	if a := gatewaytest.Get(t, alone.Address, "/"); a.StatusCode != 503 || a.Text != "busy" {
		t.Errorf("with retries used up: got %d %q, want the backend's own answer", a.StatusCode, a.Text)
	}
}

// TestConnectionClosedWhileIdle is the keep-alive race: the backend closes a
// pooled connection, and the next request must not fail, whatever its method.
func TestConnectionClosedWhileIdle(t *testing.T) {
	closed := make(chan struct{})
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		if _, err := p.Request(); err == nil {
			_, _ = io.WriteString(p, gatewaytest.OK("ok"))
		}
		_ = p.Close()
		closed <- struct{}{}
	})
	g := gatewaytest.Start(t, over("off", origin.URL))
	for _, method := range []string{"GET", "POST", "POST", "GET"} {
		c := gatewaytest.Dial(t, g.Address)
		c.Send(method + " / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
		if a := c.Read(method); a.StatusCode != 200 {
			t.Errorf("%s: %d %s", method, a.StatusCode, a.Text)
		}
		<-closed
	}
}

// TestDeadPooledConnectionIsRepeatedOnce: the backend reads a request on a pooled connection
// and closes without a byte of a response.
func TestDeadPooledConnectionIsRepeatedOnce(t *testing.T) {
	var served atomic.Int32
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		for n := 0; ; n++ {
			if _, err := p.Request(); err != nil || n == 1 {
				return // the second request on a connection gets no response
			}
			served.Add(1)
			_, _ = io.WriteString(p, gatewaytest.OK("ok"))
		}
	})
	g := gatewaytest.Start(t, over("off", origin.URL))
	for range 3 {
		if a := gatewaytest.Get(t, g.Address, "/"); a.StatusCode != 200 {
			t.Errorf("GET: %d %s", a.StatusCode, a.Text)
		}
	}
	before := served.Load()
	gatewaytest.Get(t, g.Address, "/") // leaves a connection in the pool
	c := gatewaytest.Dial(t, g.Address)
	c.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
	if a := c.Read("POST"); a.StatusCode != 502 && served.Load() != before+2 {
		t.Errorf("POST: %d, and the backend executed %d requests; want a 502 or exactly one more", a.StatusCode, served.Load()-before)
	}
}

func TestBackendThatKeepsFailingIsLeftAlone(t *testing.T) {
	var hits atomic.Int32
	bad := gatewaytest.NewOrigin(t, resetting(&hits))
	good := gatewaytest.NewOrigin(t, gatewaytest.Always(gatewaytest.OK("good")))
	g := gatewaytest.Start(t, "upstreams:\n  up:\n    backends: [{ url: \""+bad.URL+"\" }, { url: \""+good.URL+"\" }]\n"+
		"    eject: { failures: 2, base: 30s, max: 30s, at_most: 50% }\n"+oneRoute("up"))
	for range 30 {
		if a := gatewaytest.Get(t, g.Address, "/"); a.Text != "good" {
			t.Fatalf("%d %s", a.StatusCode, a.Text)
		}
	}
	if n := hits.Load(); n > 10 {
		t.Errorf("the failing backend was tried %d times of 30", n)
	}
}
