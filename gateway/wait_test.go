package gateway_test

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"penstock/gateway"
	"penstock/gateway/gatewaytest"
)

// heldRequest is a request that an origin has received; it gets the response that is sent to respond.
// An empty one closes the connection.
type heldRequest struct {
	path    string
	respond chan string
}

// begun ends a respond that is the beginning of one.
const begun = "begun"

// holdingOrigin announces each request and waits for the response to send.
func holdingOrigin(t *testing.T) (*gatewaytest.Origin, <-chan heldRequest) {
	requests := make(chan heldRequest, 100)
	return gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		for {
			head, err := p.Head()
			if err != nil {
				return
			}
			r := heldRequest{strings.Fields(head)[1], make(chan string)}
			requests <- r
			for more := true; more; {
				select {
				case text := <-r.respond:
					if text == "" {
						return
					}
					_, _ = io.WriteString(p, text)
					more = strings.HasSuffix(text, begun)
				case <-t.Context().Done():
					return
				}
			}
		}
	}), requests
}

// waitingRoom starts a gateway with one upstream named u, whose clock does not move: no request waits
// for too long.
func waitingRoom(t *testing.T, upstream, rest string, urls ...string) *gatewaytest.Gateway {
	t.Helper()
	if !strings.Contains(rest, "routes:") {
		rest += everyPath
	}
	now := time.Now()
	return gatewaytest.StartWith(t, gateway.Options{
		Config: gatewaytest.Parse(t, roomConfig(upstream, rest, urls...), withPanics()...),
		Now:    func() time.Time { return now },
	})
}

const everyPath = "\nroutes: [{ path: \"/*\", upstream: u, timeouts: { first_byte: off, request: off } }]\n"

func roomConfig(upstream, rest string, urls ...string) string {
	if !strings.Contains(rest, "limits:") {
		rest = "limits: { queue: { wait: 1m } }\n" + rest
	}
	return fmt.Sprintf("upstreams: { u: { backends: [\"%s\"], %s } }\ntrusted_proxies: [127.0.0.1]\n%s", strings.Join(urls, `", "`), upstream, rest)
}

// ask sends a request on a connection of its own.
func ask(t *testing.T, g *gatewaytest.Gateway, path string, fields ...string) *gatewaytest.Client {
	t.Helper()
	c := gatewaytest.Dial(t, g.Address)
	c.Send("GET " + path + " HTTP/1.1\r\nHost: a\r\n" + strings.Join(append(fields, ""), "\r\n") + "\r\n")
	return c
}

// waiting waits until n requests wait, of all priorities and upstreams together.
func waiting(t *testing.T, g *gatewaytest.Gateway, n int) {
	t.Helper()
	gatewaytest.Eventually(t, strconv.Itoa(n)+" requests wait", func() bool {
		all := 0
		for _, u := range g.Upstreams() {
			for _, of := range u.Queue.Waiting {
				all += of
			}
		}
		return all == n
	})
}

// counted waits until the limiter of the only backend counts so many attempts.
func counted(t *testing.T, g *gatewaytest.Gateway, n int) {
	t.Helper()
	gatewaytest.Eventually(t, strconv.Itoa(n)+" attempts are counted", func() bool {
		return g.Upstreams()[0].Backends[0].Concurrency.InFlight == n
	})
}

func wantStatus(t *testing.T, c *gatewaytest.Client, want int) gatewaytest.Response {
	t.Helper()
	a := c.Read("GET")
	if a.StatusCode != want {
		t.Errorf("got %d %s, want %d", a.StatusCode, a.Text, want)
	}
	return a
}

// Each way in which an attempt can end makes room for the next one, and only that.
func TestLimitIsEnforcedAndReleased(t *testing.T) {
	const retries = "retry: { times: 1, when: [reset, 5xx], backoff: 1ms..1ms }"
	for _, tc := range []struct {
		name, route string
		fields      []string
		replies     []string // to the attempts of the first request
		leaves      bool
	}{
		{name: "a response", replies: []string{gatewaytest.OK("ok")}},
		{name: "a head, with a body that goes on", replies: []string{"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nx"}},
		{name: "a fault", replies: []string{""}},
		{name: "a response that is not valid", replies: []string{"nonsense\r\n\r\n"}},
		{name: "retries after a fault", route: retries, replies: []string{"", gatewaytest.OK("ok")}},
		{name: "retries after a status", route: retries, replies: []string{"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"}},
		{name: "a tunnel", fields: []string{"Connection: Upgrade", "Upgrade: websocket"},
			replies: []string{"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"}},
		{name: "a client that leaves", leaves: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			origin, requests := holdingOrigin(t)
			g := waitingRoom(t, "concurrency: 1, eject: off", "routes: [{ path: \"/*\", upstream: u, timeouts: { first_byte: off, request: off }, "+tc.route+" }]\n", origin.URL)
			first := ask(t, g, "/first", tc.fields...)
			held := <-requests
			second := ask(t, g, "/second")
			waiting(t, g, 1)
			select {
			case r := <-requests:
				t.Fatalf("%s was sent while as many attempts wait as may", r.path)
			default:
			}
			counted(t, g, 1)
			if tc.leaves {
				_ = first.Close()
			}
			for i, respond := range tc.replies {
				held.respond <- respond
				if i+1 < len(tc.replies) {
					// The second request may come before the retry, which waits like any other.
					if held = <-requests; held.path == "/second" {
						held.respond <- gatewaytest.OK("ok")
						held = <-requests
					}
				}
			}
			for got := false; !got; {
				select {
				case r := <-requests:
					r.respond <- gatewaytest.OK("ok")
				default:
					got = g.Upstreams()[0].Queue.Waiting["normal"] == 0 && g.Upstreams()[0].Backends[0].Concurrency.InFlight == 0
				}
			}
			wantStatus(t, second, 200)
			counted(t, g, 0)
		})
	}
}

// A panic leaves no attempt that is counted although it has ended. The policy panics when the backend was
// picked and the request is not sent yet.
func TestLimitIsReleasedByAPanic(t *testing.T) {
	origin, requests := holdingOrigin(t)
	g := waitingRoom(t, "pool: { max: 1 }, concurrency: 1", "routes:\n  - { path: \"/*\", upstream: u, timeouts: { first_byte: off } }\n"+
		"  - { path: \"/bug\", upstream: u, panics: { request: on } }\n", origin.URL)
	for range 3 {
		wantStatus(t, ask(t, g, "/bug"), 500)
	}
	c := ask(t, g, "/")
	(<-requests).respond <- gatewaytest.OK("ok")
	wantStatus(t, c, 200)
	counted(t, g, 0)
}

func TestClientsTakeTurns(t *testing.T) {
	origin, requests := holdingOrigin(t)
	g := waitingRoom(t, "concurrency: 1", "", origin.URL)
	ask(t, g, "/begin")
	held := <-requests
	for i := range 10 {
		ask(t, g, "/noisy", "X-Forwarded-For: 192.0.2.1")
		waiting(t, g, i+1)
	}
	for i := range 2 {
		ask(t, g, "/quiet", "X-Forwarded-For: 192.0.2.2")
		waiting(t, g, 11+i)
	}
	var order []string
	for range 5 {
		held.respond <- gatewaytest.OK("ok")
		held = <-requests
		order = append(order, held.path)
	}
	if want := []string{"/noisy", "/quiet", "/noisy", "/quiet", "/noisy"}; !slices.Equal(order, want) {
		t.Errorf("got %v, want %v", order, want)
	}
}

func TestClientsOfTheSameFieldShareATurn(t *testing.T) {
	origin, requests := holdingOrigin(t)
	g := waitingRoom(t, "concurrency: 1", "limits: { queue: { wait: 1m, fair: header X-Tenant } }\n", origin.URL)
	ask(t, g, "/begin")
	held := <-requests
	for i, tenant := range []string{"a", "a", "b"} {
		ask(t, g, "/"+tenant+strconv.Itoa(i), "X-Tenant: "+tenant, "X-Forwarded-For: 192.0.2."+strconv.Itoa(i))
		waiting(t, g, i+1)
	}
	var order []string
	for range 3 {
		held.respond <- gatewaytest.OK("ok")
		held = <-requests
		order = append(order, held.path)
	}
	if want := []string{"/a0", "/b2", "/a1"}; !slices.Equal(order, want) {
		t.Errorf("got %v, want %v", order, want)
	}
}

func TestHigherPrioritiesComeFirst(t *testing.T) {
	origin, requests := holdingOrigin(t)
	g := waitingRoom(t, "concurrency: 1", `
routes:
  - { path: "/*", upstream: u, priority: { header: X-Priority, default: normal }, timeouts: { first_byte: off } }
  - { path: "/urgency/*", upstream: u, priority: { header: Priority, default: critical }, timeouts: { first_byte: off } }
  - { path: "/high", upstream: u, priority: high, timeouts: { first_byte: off } }
`, origin.URL)
	ask(t, g, "/begin")
	held := <-requests
	for i, r := range [][]string{
		{"/low", "X-Priority: low"}, {"/normal"}, {"/unknown", "X-Priority: urgent"}, {"/high", "X-Priority: low"},
		{"/urgency/7", "Priority: i, u=7"}, {"/urgency/0", "Priority: u=0;a=1, i"}, {"/urgency/none"},
	} {
		ask(t, g, r[0], r[1:]...)
		waiting(t, g, i+1)
	}
	if got, want := g.Upstreams()[0].Queue.Waiting, map[string]int{"critical": 1, "high": 2, "normal": 2, "low": 2}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v waiting, want %v", got, want)
	}
	var order []string
	for range 7 {
		held.respond <- gatewaytest.OK("ok")
		held = <-requests
		order = append(order, held.path)
	}
	want := []string{"/urgency/none", "/high", "/urgency/0", "/normal", "/unknown", "/low", "/urgency/7"}
	if !slices.Equal(order, want) {
		t.Errorf("got  %v\nwant %v", order, want)
	}
}

// Only a proxy that is trusted may name the priority of a request.
func TestPriorityOfAnUntrustedClient(t *testing.T) {
	origin, requests := holdingOrigin(t)
	g := gatewaytest.Start(t, fmt.Sprintf("upstreams: { u: { backends: [%q], concurrency: 1, queue: { wait: 1m } } }\n"+
		"routes: [{ path: \"/*\", upstream: u, priority: { header: X-Priority, default: low }, timeouts: { first_byte: off, request: off } }]\n", origin.URL))
	ask(t, g, "/begin")
	<-requests
	ask(t, g, "/", "X-Priority: critical")
	waiting(t, g, 1)
	if got := g.Upstreams()[0].Queue.Waiting["low"]; got != 1 {
		t.Errorf("got %v waiting, want one of priority low", g.Upstreams()[0].Queue.Waiting)
	}
}
