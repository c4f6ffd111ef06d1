package gateway

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"penstock/config"
	"penstock/downstream"
	"penstock/exchange"
	"penstock/headers"
	"penstock/httpcache"
	"penstock/metrics"
	"penstock/policy"
	"penstock/response"
)

const benchRequest = "GET /items/7?page=2 HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: bench/1.0\r\n" +
	"Accept: text/html,application/xhtml+xml\r\nAccept-Language: en\r\nCookie: session=0123456789abcdef\r\n\r\n"

// benchGateway starts a gateway in front of an origin whose responses may be stored, with two
// routes: /items/* has a cache, the rest has none.
func benchGateway(b *testing.B) *Gateway {
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "max-age=3600")
		w.Header().Set("Etag", `"bench"`)
		_, _ = io.WriteString(w, strings.Repeat("x", 1024))
	}))
	b.Cleanup(origin.Close)
	text := fmt.Sprintf("listen: \"127.0.0.1:0\"\nadmin: off\nlog: { access: off }\nroutes:\n"+
		"  - { path: \"/items/*\", upstream: %q, cache: on }\n  - { path: \"/*\", upstream: %[1]q }\n", origin.URL)
	cfg, err := config.Parse("bench.yaml", []byte(text), nil, policy.Table()...)
	if err != nil {
		b.Fatal(err)
	}
	g, err := New(Options{Config: cfg, Metrics: metrics.New(metrics.Options{})})
	if err != nil {
		b.Fatal(err)
	}
	if err := g.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = g.Shutdown(ctx) // what it cuts is ours
	})
	return g
}

// nowhere is a client that nothing is written to.
type nowhere struct {
	downstream.Stream
	head downstream.Head
	sent *response.Response
}

func (n *nowhere) Head() *downstream.Head      { return &n.head }
func (n *nowhere) Peer() netip.Addr            { return netip.AddrFrom4([4]byte{127, 0, 0, 1}) }
func (n *nowhere) Frame(headers.Framing, bool) {}
func (n *nowhere) BodyUnread() bool            { return false }
func (n *nowhere) Send(r *response.Response)   { n.sent = r }

// benchJourney is a request that was read, admitted and matched.
func benchJourney(b *testing.B, g *proxy, request string) (*journey, *nowhere) {
	line, fields, _ := strings.Cut(request, "\r\n")
	parts := strings.Split(line, " ")
	client := &nowhere{head: downstream.Head{
		Protocol: []byte(parts[2]), Method: []byte(parts[0]), Target: []byte(parts[1]), Scheme: "http", Fields: []byte(fields),
	}}
	j := g.begin(client, time.Now())
	if f := g.admit(j); f != nil {
		b.Fatal(f)
	}
	if f := j.findRoute(); f != nil {
		b.Fatal(f)
	}
	return j, client
}

// keepAll undoes what a stage has dropped of a head.
func keepAll(h *headers.Block) {
	for i := range h.Fields {
		h.Fields[i].Drop = false
	}
}

// BenchmarkStage measures each step of serve alone, for a small request on a route without a
// cache. Other benchmarks measure the sockets; loadtest/README.md lists all.
func BenchmarkStage(b *testing.B) {
	g := benchGateway(b).proxy
	j, client := benchJourney(b, g, strings.Replace(benchRequest, "/items", "/other", 1))
	answer := "Date: Mon, 02 Nov 2026 10:00:00 GMT\r\nContent-Type: text/html\r\nContent-Length: 1024\r\n" +
		"Cache-Control: max-age=3600\r\nEtag: \"bench\"\r\nServer: origin\r\n\r\n"
	j.out.resp.Status, j.out.resp.Reason = 200, []byte("OK")
	j.out.resp.Head.Parse([]byte(answer))
	rule, fine := &j.route.retry, j.traits(&j.route.retry)
	reset := &exchange.Fault{Kind: exchange.ConnectionTerminated, Source: exchange.Upstream, Wrote: true}
	for _, stage := range []struct {
		name string
		once func() bool // false is a failure
	}{
		{"admit", func() bool {
			g.release(j)
			return g.admit(j) == nil
		}},
		{"match", func() bool { return j.findRoute() == nil }},
		{"prepare", func() bool {
			g.prepare(j)
			return len(j.out.fields) > 0
		}},
		{"wait", func() bool {
			f := g.wait(j)
			j.turn.release()
			return f == nil
		}},
		{"judge", func() bool {
			return judge(nil, 200, fine, rule, 1) == giveUp && judge(reset, 0, fine, rule, 1) == retry
		}},
		{"respond", func() bool {
			keepAll(&j.out.resp.Head)
			g.respond(j)
			return client.sent != nil
		}},
		{"refuse", func() bool {
			client.sent = nil
			g.fail(j, exchange.Refuse(exchange.Overloaded))
			return client.sent != nil
		}},
		{"record", func() bool {
			j.x.Status, j.x.Fault = 200, nil
			j.route.metrics.Begin(j.x)
			g.record(j)
			return true
		}},
	} {
		b.Run(stage.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !stage.once() {
					b.Fatal("it failed")
				}
			}
		})
	}
}

// BenchmarkCacheStage measures a request that is served from the cache: reading it and making
// its key, and all steps together with the response. Package httpcache measures the steps
// between.
func BenchmarkCacheStage(b *testing.B) {
	served := benchGateway(b)
	fill(b, served)
	g := served.proxy
	j, _ := benchJourney(b, g, benchRequest)
	for _, stage := range []struct {
		name string
		once func() bool // false is a failure
	}{
		{"key", func() bool {
			j.cache.Reset()
			j.beginCaching()
			return j.cache.Shapes()
		}},
		{"hit", func() bool {
			j.cache.Reset()
			outcome, _ := g.lookup(j)
			if outcome == httpcache.Serve {
				g.send(j)
			}
			return outcome == httpcache.Serve
		}},
	} {
		b.Run(stage.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !stage.once() {
					b.Fatal("it failed")
				}
			}
		})
	}
}

// fill sends benchRequest over a socket until its response comes from the store.
func fill(b *testing.B, g *Gateway) {
	c, err := net.Dial("tcp", g.Addrs()[0].String())
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	in := bufio.NewReader(c)
	for range 1000 {
		if _, err := io.WriteString(c, benchRequest); err != nil {
			b.Fatal(err)
		}
		r, err := http.ReadResponse(in, nil)
		if err != nil {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
		if strings.Contains(r.Header.Get("Cache-Status"), "hit") {
			return
		}
	}
	b.Fatal("never a hit")
}
