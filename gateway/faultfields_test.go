package gateway_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"penstock/exchange"
	"penstock/gateway"
	"penstock/gateway/gatewaytest"
	"penstock/headers"
	"penstock/options"
	"penstock/policy"
)

// faultCase is how a client meets one fault, and whether the route is known by then: then
// the response has what headers.response sets.
type faultCase struct {
	reason exchange.Reason
	known  bool
	raw    string                                                // what the client sends; empty for a GET of /
	top    string                                                // of the configuration
	route  string                                                // more keys of the route
	origin func(p *gatewaytest.Peer)                             // nil responds with 200
	before func(*testing.T, *gatewaytest.Gateway, <-chan string) // what has happened; the channel has the heads that the origin read
}

// silent reads requests and never responds.
func silent(p *gatewaytest.Peer) { _, _ = io.Copy(io.Discard, p) }

// occupy leaves a request waiting for its response.
func occupy(t *testing.T, g *gatewaytest.Gateway, heads <-chan string) {
	c := gatewaytest.Dial(t, g.Address)
	c.Send("GET /first HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n")
	<-heads
}

const raw, end = " HTTP/1.1\r\nHost: a\r\n", "\r\n\r\n"

// faultCases has a case for each reason, but for those that are never the reason of a response.
func faultCases() []faultCase {
	return []faultCase{
		{reason: exchange.NoRoute, raw: "GET /elsewhere" + raw + "\r\n"},
		{reason: exchange.BadTarget, raw: "GET file:///etc/passwd" + raw + "\r\n"},
		{reason: exchange.PathRefused, raw: "GET /a%2fb" + raw + "\r\n"},
		{reason: exchange.URITooLong, raw: "GET /" + strings.Repeat("x", 100) + raw + "\r\n", top: "limits: { uri: 64B }"},
		{reason: exchange.BadHeader, raw: "GET /" + raw + "X-A: 1\r\n 2" + end},
		{reason: exchange.BadHost, raw: "GET / HTTP/1.1\r\nHost: user@a" + end},
		{reason: exchange.TLSOnPlainPort, raw: "\x16\x03\x01\x02\x00\x01"},
		{reason: exchange.HeaderStalled, raw: "GET /" + raw, top: "timeouts: { header: 50ms }"},
		{reason: exchange.BadFraming, raw: "POST /" + raw + "Content-Length: 5\r\nTransfer-Encoding: chunked" + end},
		{reason: exchange.UnknownCoding, raw: "POST /" + raw + "Transfer-Encoding: gzip, chunked" + end},
		{reason: exchange.HeaderTooLarge, raw: "GET /" + raw + "X-A: " + strings.Repeat("x", 40_000) + end},
		{reason: exchange.TooManyFields, raw: "GET /" + raw + strings.Repeat("X-A: 1\r\n", 200) + "\r\n"},
		{reason: exchange.MethodRefused, raw: "TRACE /" + raw + "\r\n"},
		{reason: exchange.VersionRefused, raw: "GET / HTTP/2.0\r\nHost: a" + end},
		{reason: exchange.ExpectationRefused, raw: "POST /" + raw + "Expect: more\r\nContent-Length: 0" + end},
		{reason: exchange.Loop, raw: "GET /" + raw + "CDN-Loop: NAME" + end},
		{reason: exchange.Overloaded, top: "limits: { requests: 1 }", origin: silent, before: occupy},
		{reason: exchange.TooManyConnections, raw: "GET /" + raw + "X-Forwarded-For: 192.0.2.1" + end, top: "trusted_proxies: 127.0.0.0/8\nlimits: { per_ip: 1 }", origin: silent, before: occupy},
		{reason: exchange.PurgeRefused, raw: "PURGE /" + raw + "\r\n", top: "cache: { purge_from: [192.0.2.1] }", route: "cache: on"},

		{reason: exchange.BodyTooLarge, known: true, raw: "POST /" + raw + "Content-Length: 10" + end, route: "limits: { body: 5B }"},
		{reason: exchange.BodyIncomplete, known: true, raw: "POST /" + raw + "Transfer-Encoding: chunked" + end + "2\r\nabc\r\n", origin: silent},
		{reason: exchange.BodyStalled, known: true, raw: "POST /" + raw + "Content-Length: 10" + end + "abc", route: "timeouts: { body_idle: 50ms }"},
		{reason: exchange.SlowRequest, known: true, raw: "POST /" + raw + "Content-Length: 10" + end + "abc", route: "timeouts: { body: 50ms }"},
		{reason: exchange.BuffersFull, known: true, raw: "POST /" + raw + "Transfer-Encoding: chunked" + end, top: "limits: { buffered_bodies: 1B }"},
		{reason: exchange.RateLimited, known: true, route: "rate_limit: 0.001/h", before: func(t *testing.T, g *gatewaytest.Gateway, _ <-chan string) {
			gatewaytest.Get(t, g.Address, "/")
		}},
		{reason: exchange.RouteFull, known: true, route: "limits: { requests: 1 }", origin: silent, before: occupy},
		{reason: exchange.NoBackend, known: true, before: func(t *testing.T, g *gatewaytest.Gateway, _ <-chan string) {
			u, drain := g.Upstreams()[0], true
			if err := g.SetBackend(u.Name, u.Backends[0].Address, nil, &drain); err != nil {
				t.Fatal(err)
			}
		}},
		{reason: exchange.BreakerOpen, known: true, top: "UPSTREAM: breaker: { min: 1 }", route: "retry: off", origin: gatewaytest.Always("HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n"), before: func(t *testing.T, g *gatewaytest.Gateway, _ <-chan string) {
			gatewaytest.Get(t, g.Address, "/")
		}},
		{reason: exchange.QueueFull, known: true, top: "UPSTREAM: pool: { max: 1, queue: 0 }, queue: off", origin: silent, before: occupy},
		{reason: exchange.QueueTimeout, known: true, top: "UPSTREAM: pool: { max: 1, queue: 9, queue_timeout: 20ms }", origin: silent, before: occupy},
		{reason: exchange.TunnelsFull, known: true, raw: "GET /" + raw + "Connection: Upgrade\r\nUpgrade: websocket" + end, top: "UPSTREAM: pool: { tunnels: 0% }"},
		{reason: exchange.OutOfTime, known: true, route: "timeouts: { first_byte: off, request: 50ms }, retry: off", origin: silent},
		{reason: exchange.FirstByteTimeout, known: true, route: "timeouts: { first_byte: 50ms }, retry: off", origin: silent},
		{reason: exchange.UpgradeUnasked, known: true, origin: gatewaytest.Always("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")},
		{reason: exchange.NotCached, known: true, raw: "GET /" + raw + "Cache-Control: only-if-cached" + end, route: "cache: { client_control: honor }"},
		{reason: exchange.Panicked, known: true, route: "panics: { guard: on }"},
	}
}

// panics is a policy with a bug.
type panics struct{ guard, request, fields, finish bool }

func (p *panics) Keys(k options.Keys) {
	k.Switch("guard", &p.guard, false, "")
	k.Switch("request", &p.request, false, "")
	k.Switch("fields", &p.fields, false, "")
	k.Switch("finish", &p.finish, false, "")
}

func (p *panics) OnRequest(*policy.Call) policy.Verdict {
	if p.guard {
		panic("a bug in the guard")
	}
	return policy.Continue
}

func (p *panics) EditRequest(*headers.Block, *policy.Call) {
	if p.request {
		panic("a bug in the request's fields")
	}
}

func (p *panics) EditFields(*headers.Block, *policy.Call) {
	if p.fields {
		panic("a bug in the fields")
	}
}

func (p *panics) OnFinish(*exchange.Exchange) {
	if p.finish {
		panic("a bug at the end")
	}
}

func withPanics() []options.Policy {
	return append(policy.Table(), options.Policy{Name: "panics", New: func() options.Declarer { return new(panics) }})
}

// start starts a gateway for the case, in front of an origin that sends each head to the channel.
func (f *faultCase) start(t *testing.T) (*gatewaytest.Gateway, <-chan string) {
	heads := make(chan string, 10)
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		head, err := p.Head()
		if err != nil {
			return
		}
		heads <- head
		if f.origin == nil {
			_, _ = io.WriteString(p, gatewaytest.OK("ok"))
			return
		}
		p.In.Reset(io.MultiReader(strings.NewReader(head), p.Conn))
		f.origin(p)
	})
	top, keys, _ := strings.Cut(f.top, "UPSTREAM: ")
	if keys != "" {
		keys = ", " + keys
	}
	text := fmt.Sprintf("%s\nupstreams: { u: { backends: [%q]%s } }\nroutes:\n  - { path: %q, upstream: u, headers: { response: { set: { X-Edge: penstock } } }, %s }\n",
		top, origin.URL, keys, map[bool]string{true: "/only", false: "/*"}[f.reason == exchange.NoRoute], f.route)
	return gatewaytest.StartWith(t, gateway.Options{Config: gatewaytest.Parse(t, text, withPanics()...)}), heads
}

func (f *faultCase) run(t *testing.T) {
	g, heads := f.start(t)
	if f.before != nil {
		f.before(t, g, heads)
	}
	c := gatewaytest.Dial(t, g.Address)
	request := f.raw
	if request == "" {
		request = "GET /" + raw + "\r\n"
	}
	if strings.Contains(request, "NAME") { // what the gateway calls itself is new in each process
		gatewaytest.Get(t, g.Address, "/")
		_, name, _ := strings.Cut(<-heads, "\r\nCDN-Loop: ")
		name, _, _ = strings.Cut(name, "\r\n")
		request = strings.Replace(request, "NAME", name, 1)
	}
	_, _ = io.WriteString(c, request) // the gateway may close while a long head is still being sent
	a := c.Read("GET")
	if want := exchange.Refuse(f.reason); a.StatusCode != want.Status() || !strings.Contains(a.Text, `"reason":"`+want.Name()+`"`) {
		t.Errorf("got %d %s, want %d %s", a.StatusCode, a.Text, want.Status(), want.Name())
	}
	if got := a.Header.Get("X-Edge"); (got == "penstock") != f.known {
		t.Errorf("the route is known: %v; X-Edge is %q", f.known, got)
	}
	if got, want := a.Header.Get("Proxy-Status"), "penstock; error="+exchange.Refuse(f.reason).Kind.String()+`; details="`+f.reason.String()+`"`; got != want {
		t.Errorf("Proxy-Status %q, want %q", got, want)
	}
	if a.Header.Get("Date") == "" || a.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("header %v", a.Header)
	}
}

// TestFieldsOfEveryFault shows for each reason whether its response has the fields that the
// route sets: it has them from the moment on when the route is known.
func TestFieldsOfEveryFault(t *testing.T) {
	missing := map[exchange.Reason]string{}
	exchange.Reasons(func(r exchange.Reason) { missing[r] = "no case" })
	delete(missing, exchange.ClientGone)      // nobody is left to read a response
	delete(missing, exchange.BodyIdleTimeout) // the response has begun, and is cut
	delete(missing, exchange.SlowClient)      // so does this
	delete(missing, exchange.BackendSilent)   // takes several backends: TestABackendThatHangsIsEjected
	delete(missing, exchange.TooManySlow)     // takes ten seconds, see TestSlowTransfersOccupyHalfOfABackend
	for _, f := range faultCases() {
		delete(missing, f.reason)
		t.Run(f.reason.String(), func(t *testing.T) {
			t.Parallel()
			f.run(t)
		})
	}
	for r := range missing {
		t.Errorf("%s: has no case here", r)
	}
}

// The same for faults that are no refusals of ours, and for what is no fault at all.
func TestFieldsOfOwnResponses(t *testing.T) {
	const fields = "headers: { response: { set: { X-Edge: penstock }, remove: [Server] } }"
	origin := gatewaytest.NewOrigin(t, gatewaytest.Always("HTTP/1.1 200 OK\r\nServer: o\r\nContent-Length: 2\r\n\r\nok"))
	g := gatewaytest.Start(t, `
routes:
  - { path: "/dead", upstream: "http://`+gatewaytest.Dead(t)+`", retry: off, `+fields+` }
  - { path: "/proxied", upstream: "`+origin.URL+`", `+fields+` }
  - { path: "/fixed", respond: { status: 200, headers: { Server: o }, body: fixed }, `+fields+` }
  - { path: "/moved", redirect: /proxied, `+fields+` }`)
	for target, status := range map[string]int{"/dead": 502, "/proxied": 200, "/fixed": 200, "/moved": 308} {
		for _, accept := range []string{"application/json", "text/html"} {
			a := gatewaytest.Get(t, g.Address, target, "Accept: "+accept)
			if a.StatusCode != status || a.Header.Get("X-Edge") != "penstock" || a.Header.Get("Server") != "" {
				t.Errorf("%s: got %d %v", target, a.StatusCode, a.Header)
			}
		}
	}
}

// A policy with a bug costs one request: its response is a 500, and the connection ends.
func TestPolicyThatPanics(t *testing.T) {
	f := faultCase{route: "panics: { fields: on, finish: on }"}
	g, _ := f.start(t)
	for range 2 {
		if a := gatewaytest.Get(t, g.Address, "/"); a.StatusCode != 500 || !a.Close || a.Header.Get("X-Edge") != "" {
			t.Errorf("got %d, close %v, X-Edge %q", a.StatusCode, a.Close, a.Header.Get("X-Edge"))
		}
	}
}

// A response 101 begins a tunnel, and policies edit responses.
func TestFieldsOfUpgrade(t *testing.T) {
	f := faultCase{origin: gatewaytest.Always("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Own: 1\r\n\r\n")}
	g, _ := f.start(t)
	c := gatewaytest.Dial(t, g.Address)
	c.Send("GET /" + raw + "Connection: Upgrade\r\nUpgrade: websocket" + end)
	if head := c.Head(); !strings.HasPrefix(head, "HTTP/1.1 101 ") || strings.Contains(head, "X-Edge") || !strings.Contains(head, "X-Own: 1\r\n") {
		t.Errorf("got\n%s", head)
	}
}
