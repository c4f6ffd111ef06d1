package gateway_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"penstock/accesslog"
	"penstock/gateway"
	"penstock/gateway/gatewaytest"
)

const turnedAway = `penstock_faults_total{route="",fault="too-many-connections"}`

// held is an origin whose responses wait for release.
type held struct {
	*gatewaytest.Origin
	in, out chan struct{}
}

func newHeld(t *testing.T) *held {
	h := &held{in: make(chan struct{}), out: make(chan struct{})}
	h.Origin = gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		for {
			if _, err := p.Request(); err != nil {
				return
			}
			h.in <- struct{}{}
			<-h.out
			_, _ = io.WriteString(p, gatewaytest.OK("ok"))
		}
	})
	return h
}

func TestConnectionsOfOneClient(t *testing.T) {
	origin := gatewaytest.NewOrigin(t, gatewaytest.Always(gatewaytest.OK("ok")))
	g := gatewaytest.Start(t, "limits: { per_ip: 2 }\n"+oneRoute(origin.URL))
	var open []*gatewaytest.Client
	for range 2 {
		c := gatewaytest.Dial(t, g.Address)
		c.Send(get)
		if a := c.Read("GET"); a.StatusCode != 200 {
			t.Fatalf("below the limit: %d", a.StatusCode)
		}
		open = append(open, c)
	}
	third := gatewaytest.Dial(t, g.Address) // refused before it says a word
	if a := third.Read("GET"); a.StatusCode != 429 || !a.Close || a.Header.Get("Retry-After") == "" ||
		!strings.Contains(a.Text, `"reason":"too-many-connections"`) || a.Err != nil {
		t.Errorf("above the limit: %d %v %s %v", a.StatusCode, a.Header, a.Text, a.Err)
	}
	if got := g.Count(turnedAway); got != "1" {
		t.Errorf("%s refusals counted, want 1", got)
	}
	open[0].Send(get)
	if a := open[0].Read("GET"); a.StatusCode != 200 || a.Close {
		t.Errorf("an open connection suffers: %d, close %v", a.StatusCode, a.Close)
	}
	_ = open[0].Close()
	gatewaytest.Eventually(t, "the place to come free", func() bool {
		return gatewaytest.Get(t, g.Address, "/", "Connection: close").StatusCode == 200
	})
}

func TestLimitPerClientFollowsAReload(t *testing.T) {
	origin := gatewaytest.NewOrigin(t, gatewaytest.Always(gatewaytest.OK("ok")))
	g := gatewaytest.Start(t, oneRoute(origin.URL))
	c := gatewaytest.Dial(t, g.Address)
	c.Send(get)
	c.Read("GET")
	for _, step := range []struct {
		limits string
		want   int
	}{{"limits: { per_ip: 1 }\n", 429}, {"limits: { per_ip: 1 }\ntrusted_proxies: 127.0.0.0/8\n", 200}, {"", 200}} {
		if err := g.Reload(gatewaytest.Parse(t, step.limits+oneRoute(origin.URL))); err != nil {
			t.Fatal(err)
		}
		if a := gatewaytest.Get(t, g.Address, "/"); a.StatusCode != step.want { // c was there before the limit
			t.Errorf("%q: got %d, want %d", step.limits, a.StatusCode, step.want)
		}
	}
}

// For a trusted proxy the gateway counts requests, each for the client that the proxy names,
// and not the connections of the proxy.
func TestRequestsOfClientsBehindATrustedProxy(t *testing.T) {
	origin := newHeld(t)
	g := gatewaytest.Start(t, "trusted_proxies: 127.0.0.1\nlimits: { per_ip: 2 }\n"+oneRoute(origin.URL))
	dial := func(from string) *gatewaytest.Client {
		c := gatewaytest.Dial(t, g.Address)
		c.Send("GET / HTTP/1.1\r\nHost: a\r\n" + from + "\r\n")
		return c
	}
	var waiting []*gatewaytest.Client
	enter := func(from string) {
		waiting = append(waiting, dial(from))
		<-origin.in
	}
	for range 2 {
		enter("X-Forwarded-For: 203.0.113.7\r\n")
		enter("X-Forwarded-For: 2001:db8::1\r\n")
	}
	for range 3 {
		enter("") // nobody is named: the proxy itself
	}
	enter("X-Forwarded-For: 203.0.113.8\r\n")
	enter("X-Forwarded-For: 203.0.113.7, 203.0.113.9\r\n")                                // what the client claims counts for nothing
	for _, from := range []string{"203.0.113.7", "1.1.1.1, 203.0.113.7", "2001:db8::2"} { // an IPv6 client is its /64
		c := dial("X-Forwarded-For: " + from + "\r\n")
		a := c.Read("GET")
		if a.StatusCode != 429 || a.Close || a.Header.Get("Retry-After") == "" || !strings.Contains(a.Text, "too-many-connections") {
			t.Errorf("%s: got %d %s, close %v", from, a.StatusCode, a.Text, a.Close)
		}
		waiting = append(waiting, c)
		c.Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n") // the connection serves others
		<-origin.in
	}
	close(origin.out)
	for i, c := range waiting {
		if a := c.Read("GET"); a.StatusCode != 200 {
			t.Errorf("request %d: %d %s", i, a.StatusCode, a.Text)
		}
	}
	again := dial("X-Forwarded-For: 203.0.113.7\r\n")
	<-origin.in
	if a := again.Read("GET"); a.StatusCode != 200 {
		t.Errorf("after the others ended: %d", a.StatusCode)
	}
}

// A forwarding field from a stranger changes nothing.
func TestStrangersCountByTheirOwnAddress(t *testing.T) {
	origin := gatewaytest.NewOrigin(t, gatewaytest.Always(gatewaytest.OK("ok")))
	g := gatewaytest.Start(t, "trusted_proxies: 192.0.2.1\nlimits: { per_ip: 1 }\n"+oneRoute(origin.URL))
	c := gatewaytest.Dial(t, g.Address)
	c.Send("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.7\r\n\r\n")
	c.Read("GET")
	if a := gatewaytest.Get(t, g.Address, "/", "X-Forwarded-For: 203.0.113.8"); a.StatusCode != 429 {
		t.Errorf("got %d, want 429", a.StatusCode)
	}
}

func TestTurnedAwayConnectionsAreLogged(t *testing.T) {
	origin := gatewaytest.NewOrigin(t, gatewaytest.Always(gatewaytest.OK("ok")))
	file := filepath.Join(t.TempDir(), "access.log")
	log, err := accesslog.New(accesslog.Options{File: file, Rule: accesslog.Rule{Sample: 1}})
	if err != nil {
		t.Fatal(err)
	}
	log.Start(t.Context())
	cfg := gatewaytest.Parse(t, "limits: { per_ip: 1 }\n"+oneRoute(origin.URL))
	g := gatewaytest.StartWith(t, gateway.Options{Config: cfg, Access: log})
	first := gatewaytest.Dial(t, g.Address)
	first.Send(get)
	first.Read("GET")
	gatewaytest.Dial(t, g.Address).Read("GET")
	if err := log.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	last := lines[len(lines)-1]
	for _, want := range []string{`"status":429`, `"client":"127.0.0.1"`, "too-many-connections"} {
		if !strings.Contains(last, want) {
			t.Errorf("the log lacks %s:\n%s", want, text)
		}
	}
}
