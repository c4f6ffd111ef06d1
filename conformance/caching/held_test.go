package caching_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"penstock/config"
	"penstock/conformance/caching"
	"penstock/gateway"
	"penstock/gateway/gatewaytest"
)

// held is an origin whose requests wait until the test responds to them.
type held struct {
	*gatewaytest.Origin
	t     *testing.T
	clock *caching.Clock
	asked chan *request
	hold  time.Duration // how long a request may wait; set it before the first
}

// request is one that the origin has got.
type request struct {
	*http.Request
	peer *gatewaytest.Peer
	done chan bool // gets whether the connection stays open, once the response is sent
}

// store is the store of most tests.
const store = "cache: { memory: 64MiB, admission: off, max_object: 32MiB }\n"

// newHeld starts an origin that holds at most 2000 requests.
func newHeld(t *testing.T) *held {
	h := &held{t: t, clock: caching.NewClock(begin()), asked: make(chan *request, 2000), hold: gatewaytest.Wait}
	h.Origin = gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		for {
			r, err := p.Request()
			if err != nil {
				return
			}
			q := &request{Request: r, peer: p, done: make(chan bool, 1)}
			h.asked <- q
			select {
			case on := <-q.done:
				if !on {
					return
				}
			case <-time.After(h.hold):
				return
			}
		}
	})
	return h
}

// gateway starts a gateway before the origin; cache is the value of its one
// route's key.
func (h *held) gateway(cache string) *gatewaytest.Gateway {
	h.t.Helper()
	return h.gatewayWith(store, cache)
}

// gatewayWith is gateway with other lines of configuration at the top.
func (h *held) gatewayWith(top, cache string) *gatewaytest.Gateway {
	h.t.Helper()
	return gatewaytest.StartWith(h.t, gateway.Options{Config: h.config(top, cache), Clock: h.clock.Now})
}

// config is a configuration of one route to the origin.
func (h *held) config(top, cache string) *config.Config {
	h.t.Helper()
	return gatewaytest.Parse(h.t, top+"upstreams:\n  web: { backends: \""+h.URL+"\", eject: off, pool: { max: 2000 } }\n"+
		"routes:\n  - { path: \"/*\", upstream: web, retry: off, cache: "+cache+" }\n")
}

// next returns the next request that the origin gets.
func (h *held) next() *request {
	h.t.Helper()
	select {
	case q := <-h.asked:
		return q
	case <-time.After(gatewaytest.Wait):
		h.t.Fatal("the origin was not asked")
		return nil
	}
}

// quiet fails the test when the origin has a request that next has not returned.
func (h *held) quiet() {
	h.t.Helper()
	select {
	case q := <-h.asked:
		h.t.Fatalf("the origin was asked again: %s %s", q.Method, q.RequestURI)
	default:
	}
}

// date returns the value of a response's Date.
func (h *held) date() string { return h.clock.Now().UTC().Format(http.TimeFormat) }

// respond sends a complete 200 with these fields.
func (h *held) respond(q *request, body string, fields ...string) {
	h.head(q, len(body), fields...)
	h.send(q, body)
	q.done <- true
}

// head sends the head of a 200 alone.
func (h *held) head(q *request, length int, fields ...string) {
	h.send(q, fmt.Sprintf("HTTP/1.1 200 OK\r\nDate: %s\r\nContent-Length: %d\r\n%s\r\n", h.date(), length, lines(fields)))
}

func (h *held) send(q *request, text string) {
	if _, err := io.WriteString(q.peer, text); err != nil {
		h.t.Errorf("the origin's response: %v", err)
	}
}

func lines(fields []string) string {
	var all strings.Builder
	for _, f := range fields {
		all.WriteString(f + "\r\n")
	}
	return all.String()
}

// get sends a GET over a new connection and does not wait for the response.
func get(t *testing.T, g *gatewaytest.Gateway, target string, fields ...string) *gatewaytest.Client {
	t.Helper()
	c := gatewaytest.Dial(t, g.Address)
	c.Send("GET " + target + " HTTP/1.1\r\nHost: a.example\r\n" + lines(fields) + "\r\n")
	return c
}

// crowd sends the same GET from n clients and returns once all are in flight.
func crowd(t *testing.T, g *gatewaytest.Gateway, n int, target string) []*gatewaytest.Client {
	t.Helper()
	var all []*gatewaytest.Client
	for range n {
		all = append(all, get(t, g, target))
	}
	return all
}

// waiting returns once so many requests wait for the fetch of another.
func waiting(t *testing.T, g *gatewaytest.Gateway, n int) {
	t.Helper()
	gatewaytest.Eventually(t, fmt.Sprintf("%d requests to wait", n), func() bool {
		return g.Count("penstock_cache_requests_waiting") == fmt.Sprint(n)
	})
}

// same reads a response from each client and wants this status and body.
func same(t *testing.T, clients []*gatewaytest.Client, status int, body string) (responses []gatewaytest.Response) {
	t.Helper()
	for i, c := range clients {
		a := c.Read("GET")
		if a.Err != nil || a.StatusCode != status || a.Text != body {
			t.Fatalf("client %d got %d, %d bytes %.60q, %v, want %d, %d bytes", i, a.StatusCode, len(a.Text), a.Text, a.Err, status, len(body))
		}
		responses = append(responses, a)
	}
	return responses
}

// stored waits until the response to target is stored. A large one is stored a moment after
// the followers have its last byte.
func stored(t *testing.T, g *gatewaytest.Gateway, target, text string) {
	t.Helper()
	gatewaytest.Eventually(t, target+" to be stored", func() bool {
		a := gatewaytest.Get(t, g.Address, target, "Cache-Control: only-if-cached")
		return a.Text == text && strings.Contains(a.Header.Get("Cache-Status"), "; hit")
	})
}

// body returns n bytes in which no two parts are alike.
func body(n int) string {
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "%d;", i)
	}
	return b.String()[:n]
}
