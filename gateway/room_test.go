package gateway_test

import (
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"penstock/gateway/gatewaytest"
)

func TestClientThatLeavesTheRoomIsNotSent(t *testing.T) {
	for name, leave := range leaving {
		if strings.Contains(name, "pipelined") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			origin, requests := holdingOrigin(t)
			g := waitingRoom(t, "concurrency: 1", "", origin.URL)
			first := ask(t, g, "/first")
			held := <-requests
			leaves := ask(t, g, "/leaves")
			waiting(t, g, 1)
			last := ask(t, g, "/last")
			waiting(t, g, 2)
			leave(leaves)
			waiting(t, g, 1)
			held.respond <- gatewaytest.OK("ok")
			wantStatus(t, first, 200)
			held = <-requests
			if held.path != "/last" {
				t.Errorf("the backend got %s", held.path)
			}
			held.respond <- gatewaytest.OK("ok")
			wantStatus(t, last, 200)
			counted(t, g, 0)
		})
	}
}

func TestFullRoomRefusesTheOldestOfTheLongest(t *testing.T) {
	origin, requests := holdingOrigin(t)
	g := waitingRoom(t, "concurrency: 1", "limits: { queue: { size: 2, wait: 1m } }\n", origin.URL)
	ask(t, g, "/first")
	<-requests
	noisy := []string{"X-Forwarded-For: 192.0.2.1"}
	oldest := ask(t, g, "/oldest", noisy...)
	waiting(t, g, 1)
	ask(t, g, "/newer", noisy...)
	waiting(t, g, 2)
	ask(t, g, "/quiet", "X-Forwarded-For: 192.0.2.2")
	a := wantStatus(t, oldest, 503)
	if after := a.Header.Get("Retry-After"); !strings.Contains(a.Text, "queue-full") || len(after) != 1 || !strings.Contains("123", after) {
		t.Errorf("got %s, Retry-After %q", a.Text, after)
	}
	waiting(t, g, 2)
	if got := g.Count(`penstock_shed_total{upstream="u",priority="normal",reason="queue-full"}`); got != "1" {
		t.Errorf("got %s requests shed, want 1", got)
	}
}

func TestWaitEnds(t *testing.T) {
	for _, tc := range []struct {
		name, rest string
		fields     []string
	}{
		{"after limits.queue.wait", "limits: { queue: { wait: 50ms } }\nroutes: [{ path: \"/*\", upstream: u, timeouts: { first_byte: off } }]\n", nil},
		{"before the client gives up", "limits: { queue: { wait: 1m } }\nroutes: [{ path: \"/*\", upstream: u, timeouts: { first_byte: off, request: off } }]\n", []string{"X-Request-Timeout: 0.05"}},
		{"before timeouts.request", "limits: { queue: { wait: 1m } }\nroutes: [{ path: \"/*\", upstream: u, timeouts: { first_byte: off, request: off } }, { path: \"/short\", upstream: u, timeouts: { request: 50ms } }]\n", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			origin, requests := holdingOrigin(t)
			g := gatewaytest.Start(t, roomConfig("concurrency: 1", tc.rest, origin.URL))
			ask(t, g, "/first")
			<-requests
			began := time.Now()
			a := wantStatus(t, ask(t, g, "/short", tc.fields...), 503)
			if took := time.Since(began); took < 40*time.Millisecond || took > 10*time.Second || !strings.Contains(a.Text, "queue-timeout") {
				t.Errorf("got %s after %v", a.Text, took)
			}
			if got := g.Count(`penstock_shed_total{upstream="u",priority="normal",reason="queue-timeout"}`); got != "1" {
				t.Errorf("got %s requests shed, want 1", got)
			}
			if got := g.Count(`penstock_queue_duration_seconds_count{upstream="u"}`); got != "1" {
				t.Errorf("got %s that waited, want 1", got)
			}
		})
	}
}

func TestWithoutARoomRequestsAreRefusedAtOnce(t *testing.T) {
	origin, requests := holdingOrigin(t)
	g := waitingRoom(t, "concurrency: 1, queue: off", "", origin.URL)
	first := ask(t, g, "/first")
	held := <-requests
	if a := wantStatus(t, ask(t, g, "/second"), 503); !strings.Contains(a.Text, "queue-full") {
		t.Errorf("got %s", a.Text)
	}
	held.respond <- gatewaytest.OK("ok")
	wantStatus(t, first, 200)
	if g.Upstreams()[0].Queue != nil {
		t.Error("the upstream shows a queue")
	}
}

func TestWatchedLimitIsShownAndNotEnforced(t *testing.T) {
	origin, requests := holdingOrigin(t)
	g := waitingRoom(t, "concurrency: watch", "", origin.URL)
	for range 5 {
		ask(t, g, "/")
		<-requests
	}
	if c := g.Upstreams()[0].Backends[0].Concurrency; c.Mode != "watch" || c.Limit != 512 || c.InFlight != 5 {
		t.Errorf("got %+v", c)
	}
	if got := g.Count(`penstock_backend_concurrency_limit{upstream="u",backend="` + origin.Address + `"}`); got != "512" {
		t.Errorf("got a limit of %s, want 512", got)
	}
}

// Requests wait for slots too, which a body occupies to its end, and not in pool.queue.
func TestRoomWaitsForSlots(t *testing.T) {
	for _, concurrency := range []string{"off", "watch", "9"} {
		t.Run(concurrency, func(t *testing.T) {
			t.Parallel()
			origin, requests := holdingOrigin(t)
			g := waitingRoom(t, "pool: { max: 1, slow: 0% }, concurrency: "+concurrency, "", origin.URL)
			first := ask(t, g, "/first")
			held := <-requests
			held.respond <- "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + begun
			second := ask(t, g, "/second")
			waiting(t, g, 1)
			if n := g.Upstreams()[0].Backends[0].Waiting; n != 0 {
				t.Errorf("%d requests wait in pool.queue", n)
			}
			held.respond <- strings.Repeat("x", 100_000-len(begun))
			wantStatus(t, first, 200)
			(<-requests).respond <- gatewaytest.OK("ok")
			wantStatus(t, second, 200)
		})
	}
}

func TestRouteThatDoesNotCountIsNotLimited(t *testing.T) {
	origin, requests := holdingOrigin(t)
	g := waitingRoom(t, "concurrency: 1", `
routes:
  - { path: "/*", upstream: u, timeouts: { first_byte: off } }
  - { path: "/poll", upstream: u, concurrency: off, timeouts: { first_byte: off } }
`, origin.URL)
	ask(t, g, "/first")
	first := <-requests
	second := ask(t, g, "/second")
	waiting(t, g, 1)
	for range 3 {
		ask(t, g, "/poll")
		if r := <-requests; r.path != "/poll" {
			t.Fatalf("the backend got %s", r.path)
		}
	}
	counted(t, g, 1)
	first.respond <- gatewaytest.OK("ok")
	(<-requests).respond <- gatewaytest.OK("ok")
	wantStatus(t, second, 200)
}

// A request that must wait, because its route does not use the backend that has room, does not
// hold up those of other routes.
func TestRouteWithWeightsOfItsOwnWaitsAlone(t *testing.T) {
	a, atA := holdingOrigin(t)
	b, atB := holdingOrigin(t)
	g := waitingRoom(t, "concurrency: 1", "routes:\n  - { path: \"/*\", upstream: u, timeouts: { first_byte: off } }\n"+
		"  - { path: \"/a\", upstream: u, weights: { \""+b.Address+"\": 0 }, timeouts: { first_byte: off } }\n", a.URL, b.URL)
	ask(t, g, "/a")
	<-atA
	ask(t, g, "/a")
	waiting(t, g, 1)
	ask(t, g, "/any")
	if r := <-atB; r.path != "/any" {
		t.Fatalf("b got %s", r.path)
	}
	waiting(t, g, 1)
}

// A retry that must wait, because the backend that has room was tried already, does not hold up
// other requests.
func TestRetryWaitsAlone(t *testing.T) {
	a, atA := holdingOrigin(t)
	b, atB := holdingOrigin(t)
	g := waitingRoom(t, "concurrency: 1, eject: off", "routes:\n  - { path: \"/*\", upstream: u, timeouts: { first_byte: off }, retry: { times: 1, when: [5xx], backoff: 1ms..1ms } }\n"+
		"  - { path: \"/a\", upstream: u, weights: { \""+b.Address+"\": 0 }, timeouts: { first_byte: off } }\n", a.URL, b.URL)
	ask(t, g, "/a")
	first := <-atA
	retried := ask(t, g, "/retried")
	(<-atB).respond <- "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
	waiting(t, g, 1)
	other := ask(t, g, "/other")
	(<-atB).respond <- gatewaytest.OK("ok")
	wantStatus(t, other, 200)
	waiting(t, g, 1)
	first.respond <- gatewaytest.OK("ok")
	if r := <-atA; r.path != "/retried" {
		t.Errorf("a got %s", r.path)
	} else {
		r.respond <- gatewaytest.OK("ok")
	}
	wantStatus(t, retried, 200)
}

// A backend that was drained has room for those that wait when it is back.
func TestRoomFindsABackendThatReturns(t *testing.T) {
	a, atA := holdingOrigin(t)
	b, atB := holdingOrigin(t)
	g := waitingRoom(t, "concurrency: 1", "", a.URL, b.URL)
	drain, lift := true, false
	if err := g.SetBackend("u", b.Address, nil, &drain); err != nil {
		t.Fatal(err)
	}
	ask(t, g, "/first")
	<-atA
	ask(t, g, "/second")
	waiting(t, g, 1)
	if err := g.SetBackend("u", b.Address, nil, &lift); err != nil {
		t.Fatal(err)
	}
	if r := <-atB; r.path != "/second" {
		t.Errorf("b got %s", r.path)
	}
}

// A limit, and what it counts, outlives the configuration; so do those that wait.
func TestReloadKeepsTheLimit(t *testing.T) {
	for _, tc := range []struct{ name, change string }{
		{"another route", ""},
		{"another cluster", ", balance: p2c"},
		{"another room", ", queue: { size: 7 }"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			origin, requests := holdingOrigin(t)
			route := "routes: [{ path: \"/*\", upstream: u, timeouts: { first_byte: off, request: off } }, { path: \"/%s\", respond: 200 }]\n"
			g := waitingRoom(t, "concurrency: 1", strings.ReplaceAll(route, "%s", "old"), origin.URL)
			clients := []*gatewaytest.Client{ask(t, g, "/first")}
			held := <-requests
			clients = append(clients, ask(t, g, "/second"))
			waiting(t, g, 1)
			if err := g.Reload(gatewaytest.Parse(t, roomConfig("concurrency: 1"+tc.change, strings.ReplaceAll(route, "%s", "new"), origin.URL))); err != nil {
				t.Fatal(err)
			}
			counted(t, g, 1)
			clients = append(clients, ask(t, g, "/third"))
			gatewaytest.Eventually(t, "the third waits", func() bool { return g.Upstreams()[0].Queue.Waiting["normal"] > 0 })
			paths := []string{held.path}
			for range 2 {
				held.respond <- gatewaytest.OK("ok")
				held = <-requests
				counted(t, g, 1)
				paths = append(paths, held.path)
			}
			held.respond <- gatewaytest.OK("ok")
			for _, c := range clients {
				wantStatus(t, c, 200)
			}
			slices.Sort(paths)
			if want := []string{"/first", "/second", "/third"}; !slices.Equal(paths, want) {
				t.Errorf("the backend got %v", paths)
			}
		})
	}
}

func TestShutdownEndsTheWait(t *testing.T) {
	origin, requests := holdingOrigin(t)
	g := waitingRoom(t, "concurrency: 1", "", origin.URL)
	ask(t, g, "/first")
	<-requests
	ask(t, g, "/second")
	waiting(t, g, 1)
	g.Stop() // hangs if it does not
}

// Nothing is lost or counted twice while many clients come and leave.
func TestRoomUnderLoad(t *testing.T) {
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		for {
			if _, err := p.Head(); err != nil {
				return
			}
			<-time.After(time.Millisecond) // the work
			_, _ = io.WriteString(p, gatewaytest.OK("ok"))
		}
	})
	g := waitingRoom(t, "concurrency: 3, pool: { max: 4 }", "routes:\n  - { path: \"/*\", upstream: u, priority: { header: X-Priority, default: normal } }\n"+
		"  - { path: \"/poll\", upstream: u, concurrency: off }\n", origin.URL)
	var all sync.WaitGroup
	for client := range 20 {
		all.Go(func() {
			fields := []string{"X-Forwarded-For: 192.0.2." + strconv.Itoa(client%5), "X-Priority: " + []string{"high", "low", "none"}[client%3]}
			for n := range 20 {
				path := []string{"/", "/poll"}[n%2]
				if c := ask(t, g, path, fields...); (client+n)%4 == 0 {
					_ = c.Close()
				} else {
					wantStatus(t, c, 200)
				}
			}
		})
	}
	all.Wait()
	waiting(t, g, 0)
	counted(t, g, 0)
	gatewaytest.Eventually(t, "nothing is in flight", func() bool { return g.Upstreams()[0].Backends[0].InFlight == 0 })
	for range 4 { // each slot is free
		c := ask(t, g, "/")
		wantStatus(t, c, 200)
	}
}
