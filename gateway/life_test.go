package gateway_test

import (
	"context"
	"io"
	"strconv"
	"strings"
	"testing"

	"penstock/gateway/gatewaytest"
)

func fixed(body string) string {
	return "routes: [{ path: \"/*\", respond: { status: 200, body: " + body + " } }]\n"
}

func TestReloadIsAllOrNothing(t *testing.T) {
	g := gatewaytest.Start(t, fixed("one"))
	if err := g.Reload(gatewaytest.Parse(t, fixed("two"))); err != nil {
		t.Fatal(err)
	}
	if a := gatewaytest.Get(t, g.Address, "/"); a.Text != "two" || g.Generation() != 2 {
		t.Errorf("after a reload: %q, generation %d", a.Text, g.Generation())
	}
	err := g.Reload(gatewaytest.Parse(t, "listen: \"127.0.0.1:1\"\nadmin: off\nlog: { access: off }\n"+fixed("three")))
	if err == nil || !strings.Contains(err.Error(), "listen") {
		t.Errorf("a change that needs a restart: %v", err)
	}
	if a := gatewaytest.Get(t, g.Address, "/"); a.Text != "two" || g.Generation() != 2 {
		t.Errorf("after a refused reload: %q, generation %d", a.Text, g.Generation())
	}
	if got := g.Count("penstock_config_last_reload_successful"); got != "0" {
		t.Errorf("last reload successful: %s, want 0", got)
	}
}

func TestReloadKeepsRequestsAndPools(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		for {
			r, err := p.Request()
			if err != nil {
				return
			}
			if r.URL.Path == "/wait" {
				entered <- struct{}{}
				<-leave
			}
			_, _ = io.WriteString(p, gatewaytest.OK("ok"))
		}
	})
	config := func(weight int) string {
		return "upstreams:\n  up:\n    backends: [{ url: \"" + origin.URL + "\", weight: " + strconv.Itoa(weight) + " }]\n" + oneRoute("up")
	}
	g := gatewaytest.Start(t, config(1))
	waiting := gatewaytest.Dial(t, g.Address)
	waiting.Send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
	<-entered
	for weight := 2; weight < 20; weight++ {
		if err := g.Reload(gatewaytest.Parse(t, config(weight))); err != nil {
			t.Fatal(err)
		}
		if a := gatewaytest.Get(t, g.Address, "/"); a.StatusCode != 200 {
			t.Fatalf("weight %d: %d", weight, a.StatusCode)
		}
	}
	close(leave)
	if a := waiting.Read("GET"); a.Text != "ok" {
		t.Errorf("the request that began 18 generations ago: %d %q", a.StatusCode, a.Text)
	}
	if n := origin.Connections(); n != 2 {
		t.Errorf("%d connections to the backend, want the two that were needed at once", n)
	}
}

func TestShutdownLetsRequestsEnd(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan struct{}), make(chan struct{})
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		if _, err := p.Head(); err == nil {
			entered <- struct{}{}
			<-leave
			_, _ = io.WriteString(p, gatewaytest.OK("late"))
		}
	})
	g := gatewaytest.Start(t, oneRoute(origin.URL))
	c := gatewaytest.Dial(t, g.Address)
	c.Send(get)
	<-entered
	idle := gatewaytest.Dial(t, g.Address) // has sent nothing yet, and will while the gateway drains

	done := make(chan error, 1)
	ctx, cancel := context.WithTimeout(t.Context(), gatewaytest.Wait)
	defer cancel()
	go func() { done <- g.Shutdown(ctx) }()
	gatewaytest.Eventually(t, "the gateway is not ready", func() bool {
		ready, _ := g.Ready()
		return !ready
	})
	idle.Send("GET / HTTP/1.1\r\nHost: \r\n\r\n")
	if a := idle.Read("GET"); a.StatusCode != 400 || !a.Close {
		t.Errorf("a request during the drain: %d, close %v; want an answer and close", a.StatusCode, a.Close)
	}
	close(leave)
	if a := c.Read("GET"); a.Text != "late" || !a.Close {
		t.Errorf("the request under way: %d %q, close %v", a.StatusCode, a.Text, a.Close)
	}
	if err := <-done; err != nil {
		t.Errorf("Shutdown: %v", err)
	}
}

func TestShutdownCutsWhatDoesNotEnd(t *testing.T) {
	entered := make(chan struct{})
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		if _, err := p.Head(); err == nil {
			entered <- struct{}{}
			_, _ = p.Head() // until the gateway closes
		}
	})
	g := gatewaytest.Start(t, oneRoute(origin.URL))
	c := gatewaytest.Dial(t, g.Address)
	c.Send(get)
	<-entered
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := g.Shutdown(ctx); err == nil {
		t.Errorf("Shutdown hides that it cut a request")
	}
}

func TestWebSocketIsTunnelled(t *testing.T) {
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		head, err := p.Head()
		if err != nil || !strings.Contains(head, "Upgrade: websocket\r\n") || !strings.Contains(head, "Connection: Upgrade\r\n") {
			return
		}
		_, _ = io.WriteString(p, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: k\r\n\r\nearly")
		_, _ = io.Copy(p, p.In) // echo
	})
	g := gatewaytest.Start(t, oneRoute(origin.URL))
	c := gatewaytest.Dial(t, g.Address)
	c.Send("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\nahead")
	head := c.Head()
	for _, want := range []string{"HTTP/1.1 101 ", "\r\nConnection: Upgrade\r\n", "\r\nUpgrade: websocket\r\n", "\r\nSec-WebSocket-Accept: k\r\n"} {
		if !strings.Contains(head, want) {
			t.Errorf("%q is missing in\n%s", want, head)
		}
	}
	expect := func(want string) {
		t.Helper()
		got := make([]byte, len(want))
		if _, err := io.ReadFull(c.In, got); err != nil || string(got) != want {
			t.Fatalf("got %q, %v; want %q", got, err, want)
		}
	}
	expect("earlyahead")
	if err := g.Reload(gatewaytest.Parse(t, oneRoute(origin.URL, "trailers: [X-A]"))); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		c.Send("frame")
		expect("frame")
	}
	closeWrite(t, c)
	if rest, err := io.ReadAll(c.In); err != nil || len(rest) != 0 {
		t.Errorf("the tunnel ended with %q, %v", rest, err)
	}
}

func TestUpgradeThatIsNotListedIsAnOrdinaryRequest(t *testing.T) {
	heads := make(chan string, 1)
	origin := gatewaytest.NewOrigin(t, record(heads, gatewaytest.OK("plain")))
	g := gatewaytest.Start(t, oneRoute(origin.URL, "upgrades: off"))
	a := gatewaytest.Get(t, g.Address, "/", "Connection: Upgrade", "Upgrade: websocket")
	if a.Text != "plain" || strings.Contains(<-heads, "Upgrade") {
		t.Errorf("got %d %q, or Upgrade went on", a.StatusCode, a.Text)
	}
}

func TestGenerationsLiveAreThoseThatRequestsNeed(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		if _, err := p.Head(); err == nil {
			entered <- struct{}{}
			<-leave
			_, _ = io.WriteString(p, gatewaytest.OK("ok"))
		}
	})
	g := gatewaytest.Start(t, oneRoute(origin.URL))
	c := gatewaytest.Dial(t, g.Address)
	c.Send(get)
	<-entered
	for range 5 {
		if err := g.Reload(gatewaytest.Parse(t, oneRoute(origin.URL))); err != nil {
			t.Fatal(err)
		}
	}
	if got := g.Count("penstock_config_generations_live"); got != "2" {
		t.Errorf("with one request on an old generation: %s live, want 2", got)
	}
	close(leave)
	c.Read("GET")
	gatewaytest.Eventually(t, "one generation is live", func() bool {
		return g.Count("penstock_config_generations_live") == "1"
	})
}
