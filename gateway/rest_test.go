//go:build linux

package gateway_test

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"penstock/gateway/gatewaytest"
)

// rested waits until n connections are parked.
func rested(t *testing.T, g *gatewaytest.Gateway, n string) {
	t.Helper()
	gatewaytest.Eventually(t, n+" connections at rest", func() bool {
		return g.Count("penstock_client_connections_parked") == n
	})
}

// restful returns a connection that has had one response and is parked.
func restful(t *testing.T, g *gatewaytest.Gateway) *gatewaytest.Client {
	t.Helper()
	c := gatewaytest.Dial(t, g.Address)
	c.Send(get)
	if a := c.Read("GET"); a.StatusCode != 200 || a.Close {
		t.Fatalf("got %d, close %v", a.StatusCode, a.Close)
	}
	rested(t, g, "1")
	return c
}

func TestRestingConnectionServesItsNextRequest(t *testing.T) {
	t.Parallel()
	g := gatewaytest.Start(t, "limits: { requests_per_connection: 4 }\n"+fixed("hi"))
	c := restful(t, g)
	c.Send(get[:1])
	rested(t, g, "0")
	c.Send(get[1:] + get) // with a second request after it
	for range 2 {
		if a := c.Read("GET"); a.Text != "hi" || a.Close {
			t.Fatalf("behind a rest: %d %q, close %v", a.StatusCode, a.Text, a.Close)
		}
	}
	rested(t, g, "1")
	c.Send(get)
	if a := c.Read("GET"); a.Text != "hi" || !a.Close || !c.Closed() {
		t.Errorf("the fourth request: %d %q, close %v; want the last answer", a.StatusCode, a.Text, a.Close)
	}
}

func TestRestingConnectionsTakeUploads(t *testing.T) {
	t.Parallel()
	origin := gatewaytest.NewOrigin(t, gatewaytest.Always(gatewaytest.OK("ok")))
	g := gatewaytest.Start(t, oneRoute(origin.URL))
	c := gatewaytest.Dial(t, g.Address)
	body := strings.Repeat("x", 200<<10)
	for range 2 {
		c.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 204800\r\n\r\n" + body)
		if a := c.Read("POST"); a.Text != "ok" || a.Close {
			t.Fatalf("got %d %q, close %v", a.StatusCode, a.Text, a.Close)
		}
		rested(t, g, "1")
	}
}

// A connection that ends between two requests ends without a response, a record or a fault.
func TestRestingConnectionEndsInSilence(t *testing.T) {
	t.Parallel()
	g := gatewaytest.Start(t, fixed("hi"))
	for name, end := range map[string]func(*gatewaytest.Client){
		"closed": func(c *gatewaytest.Client) { _ = c.Close() },
		"half":   func(c *gatewaytest.Client) { _ = c.Conn.(*net.TCPConn).CloseWrite() },
		"reset":  func(c *gatewaytest.Client) { _ = c.Conn.(*net.TCPConn).SetLinger(0); _ = c.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			end(restful(t, g))
			gatewaytest.Eventually(t, "the connection's end", func() bool { return g.Count("penstock_client_connections") == "0" })
			rested(t, g, "0")
		})
	}
	if n := g.Count(`penstock_requests_total{route="/*",code="200",class="2xx"}`); n != "3" {
		t.Errorf("%s requests, want 3", n)
	}
	if n := g.Count(`penstock_faults_total{route="",fault="bad-header"}`); n != "none" && n != "0" {
		t.Errorf("%s faults, want none", n)
	}
}

func TestRestEndsWithTheIdleTime(t *testing.T) {
	t.Parallel()
	g := gatewaytest.Start(t, "timeouts: { idle: 3s }\n"+fixed("hi"))
	began := time.Now()
	if c := restful(t, g); !c.Closed() {
		t.Error("the connection is still open, or got an answer")
	}
	if took := time.Since(began); took < 3*time.Second {
		t.Errorf("closed after %v, before timeouts.idle", took)
	}
}

// An empty line wakes a connection. It is parked again, and its idle time does not begin anew.
func TestAnEmptyLineDoesNotEndARest(t *testing.T) {
	t.Parallel()
	g := gatewaytest.Start(t, "timeouts: { idle: 4s }\n"+fixed("hi"))
	began := time.Now()
	c := restful(t, g)
	c.Send("\r\n")
	rested(t, g, "0")
	rested(t, g, "1")
	if !c.Closed() {
		t.Error("the connection is still open, or got an answer")
	}
	if took := time.Since(began); took < 4*time.Second || took > 6*time.Second {
		t.Errorf("closed after %v, want timeouts.idle", took)
	}
}

// A new connection without a byte is parked too, and gets 408 at its deadline.
func TestNewConnectionRestsUntilItsHeaderTime(t *testing.T) {
	t.Parallel()
	g := gatewaytest.Start(t, "timeouts: { header: 3s }\n"+fixed("hi"))
	c := gatewaytest.Dial(t, g.Address)
	rested(t, g, "1")
	if a := c.Read("GET"); a.StatusCode != 408 || !a.Close {
		t.Errorf("got %d, close %v; want 408 and the end", a.StatusCode, a.Close)
	}
}

func TestHeaderTimeBeginsBehindARest(t *testing.T) {
	t.Parallel()
	g := gatewaytest.Start(t, shortHeader+fixed("hi"))
	c := restful(t, g)
	c.Send("GET / HT")
	if a := c.Read("GET"); a.StatusCode != 408 || !a.Close {
		t.Errorf("half a request line: %d, close %v; want 408", a.StatusCode, a.Close)
	}
}

func TestShutdownEndsRestingConnections(t *testing.T) {
	t.Parallel()
	g := gatewaytest.Start(t, fixed("hi"))
	c := restful(t, g)
	ctx, cancel := context.WithTimeout(t.Context(), gatewaytest.Wait)
	defer cancel()
	if err := g.Shutdown(ctx); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	if !c.Closed() {
		t.Error("the connection is still open, or got an answer")
	}
	rested(t, g, "0")
}

// An empty line after a body leaves a connection idle, also one that is parked: neither may
// the time of the next head begin with it, nor the time that is left begin anew.
func TestAnEmptyLineAfterABodyIsIdle(t *testing.T) {
	t.Parallel()
	origin := gatewaytest.NewOrigin(t, gatewaytest.Always(gatewaytest.OK("ok")))
	g := gatewaytest.Start(t, shortHeader+oneRoute(origin.URL))
	c := gatewaytest.Dial(t, g.Address)
	const post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"
	for _, after := range []string{"\r\n", ""} {
		c.Send(post + after)
		if a := c.Read("POST"); a.StatusCode != 200 || a.Close {
			t.Fatalf("got %d, close %v", a.StatusCode, a.Close)
		}
		rested(t, g, "1")
	}
	c.Send("\r\n")
	_ = c.SetReadDeadline(time.Now().Add(600 * time.Millisecond)) // twice the time of a head
	if n, err := c.Conn.Read(make([]byte, 100)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("after an empty line on a parked connection: %d bytes, %v", n, err)
	}
	_ = c.SetReadDeadline(time.Now().Add(gatewaytest.Wait))
	c.Send(post)
	if a := c.Read("POST"); a.StatusCode != 200 {
		t.Errorf("after an empty line on a parked connection: %d", a.StatusCode)
	}
	if got := g.Count(`penstock_faults_total{route="",fault="header-stalled"}`); got != "none" {
		t.Errorf("%s stalled heads, want none", got)
	}
}
