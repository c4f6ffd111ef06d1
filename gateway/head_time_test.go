package gateway_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"penstock/gateway/gatewaytest"
)

// The times below are far from the defaults and from gatewaytest.Wait: a test that
// ends at all has seen the right one.
const shortHeader = "timeouts: { header: 300ms }\n"

func TestSlowHeadIsCut(t *testing.T) {
	t.Parallel()
	origin := gatewaytest.NewOrigin(t, gatewaytest.Always(gatewaytest.OK("ok")))
	g := gatewaytest.Start(t, shortHeader+oneRoute(origin.URL))
	for name, tc := range map[string]struct{ first, head string }{
		"nothing at all":         {"", ""},
		"part of a line":         {"", "GET / HT"},
		"part of the fields":     {"", "GET / HTTP/1.1\r\nHost: a\r\n"},
		"after another request":  {get, "GET / HT"},
		"pipelined with another": {"", get + "GET / HT"},
	} {
		t.Run(name, func(t *testing.T) {
			c := gatewaytest.Dial(t, g.Address)
			_ = c.SetDeadline(time.Now().Add(5 * time.Second)) // half the default
			if c.Send(tc.first + tc.head); strings.HasPrefix(tc.first+tc.head, get) {
				if a := c.Read("GET"); a.StatusCode != 200 {
					t.Fatalf("first: %d", a.StatusCode)
				}
			}
			a := c.Read("GET")
			if a.StatusCode != 408 || !a.Close || !strings.Contains(a.Text, "header-stalled") {
				t.Errorf("got %d %s, close %v", a.StatusCode, a.Text, a.Close)
			}
			if !c.Closed() {
				t.Error("the connection is still open")
			}
		})
	}
	if got := g.Count(`penstock_faults_total{route="",fault="header-stalled"}`); got != "5" {
		t.Errorf("counted %s stalled heads, want 5", got)
	}
}

// A byte now and then does not help: the head has a time, not its bytes.
func TestDrippedHeadIsCut(t *testing.T) {
	origin := gatewaytest.NewOrigin(t, gatewaytest.Always(gatewaytest.OK("ok")))
	g := gatewaytest.Start(t, shortHeader+oneRoute(origin.URL))
	c := gatewaytest.Dial(t, g.Address)
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	c.Send("GET / HTTP/1.1\r\nHost: a\r\nX-Drip: ")
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for range tick.C {
			if _, err := io.WriteString(c, "x"); err != nil {
				return
			}
		}
	}()
	if a, err := c.TryRead("GET"); err != nil || a.StatusCode != 408 {
		t.Errorf("got %v, %v; want 408", a.Response, err)
	}
	_ = c.Close()
	<-done
}

func TestHeaderTimeIsNotForWaitingOrBodies(t *testing.T) {
	t.Parallel()
	origin := gatewaytest.NewOrigin(t, gatewaytest.Always(gatewaytest.OK("ok")))
	g := gatewaytest.Start(t, shortHeader+oneRoute(origin.URL))
	c := gatewaytest.Dial(t, g.Address)
	c.Send(get)
	c.Read("GET")
	pass := func(what string) {
		began := time.Now()
		gatewaytest.Eventually(t, what, func() bool { return time.Since(began) > 700*time.Millisecond })
	}
	pass("an idle time beyond the header's")
	for _, framing := range []string{"Content-Length: 100000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n186a0\r\n"} {
		c.Send("POST / HTTP/1.1\r\nHost: a\r\n" + framing + strings.Repeat("x", 50_000))
		pass("a pause in the body beyond the header's")
		c.Send(strings.Repeat("x", 50_000))
		if strings.HasPrefix(framing, "T") {
			c.Send("\r\n0\r\n\r\n")
		}
		if a := c.Read("POST"); a.StatusCode != 200 || a.Close {
			t.Fatalf("%q: got %d %s", framing, a.StatusCode, a.Text)
		}
	}
}

func TestTimesOfAConnectionFollowAReload(t *testing.T) {
	t.Parallel()
	origin := gatewaytest.NewOrigin(t, gatewaytest.Always(gatewaytest.OK("ok")))
	g := gatewaytest.Start(t, oneRoute(origin.URL))
	if err := g.Reload(gatewaytest.Parse(t, "timeouts: { header: 300ms, idle: 300ms }\n"+oneRoute(origin.URL))); err != nil {
		t.Fatal(err)
	}
	c := gatewaytest.Dial(t, g.Address)
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	c.Send(get)
	if a := c.Read("GET"); a.StatusCode != 200 {
		t.Fatalf("got %d", a.StatusCode)
	}
	if !c.Closed() {
		t.Error("idle: the connection is still open, or got an answer")
	}
	c = gatewaytest.Dial(t, g.Address)
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	c.Send("GET / HT")
	if a := c.Read("GET"); a.StatusCode != 408 {
		t.Errorf("header: got %d", a.StatusCode)
	}
}
