package gateway_test

import (
	"io"
	"strings"
	"testing"

	"penstock/gateway/gatewaytest"
)

// No client can send the field with which the gateway names the user to a backend: not in
// another spelling, not as a trailer, not by Connection, not on another route to that backend.
func TestReservedFieldsNeverComeFromClients(t *testing.T) {
	origin, heads := secretOrigin(t)
	g := startAdded(t, addedRoutes(origin.URL, gatewaytest.Dead(t), "one"))
	for _, forged := range []string{
		"X-User: mallory", "x-user: mallory", "X_User: mallory", "x_USER: mallory", "X-User: mallory\r\nX-User: eve", "Connection: X-User\r\nX-User: mallory",
	} {
		for target, want := range map[string]string{"/proxied": "X-User: alice\r\n", "/open": ""} {
			gatewaytest.Get(t, g.Address, target, "X-Word: sesame", forged)
			head := <-heads
			if strings.Contains(head, "mallory") || strings.Contains(head, "eve") || !strings.Contains(head, want) || strings.Count(strings.ToLower(head), "user:") != len(want)/len("X-User: alice\r\n") {
				t.Errorf("%s with %q: the backend reads\n%s", target, forged, head)
			}
		}
	}
}

func TestReservedFieldsInUpgrades(t *testing.T) {
	heads := make(chan string, 1)
	origin := gatewaytest.NewOrigin(t, record(heads, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"))
	g := startAdded(t, "routes: [{ path: \"/*\", upstream: \""+origin.URL+"\", gate: { word: sesame, as: alice } }]")
	c := gatewaytest.Dial(t, g.Address)
	c.Send("GET / HTTP/1.1\r\nHost: a.example\r\nX-Word: sesame\r\nX-User: mallory\r\nx_user: eve\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	if head := c.Head(); !strings.HasPrefix(head, "HTTP/1.1 101 ") {
		t.Fatalf("got\n%s", head)
	}
	if head := <-heads; !strings.Contains(head, "\r\nX-User: alice\r\n") || strings.Contains(head, "mallory") || strings.Contains(head, "eve") {
		t.Errorf("the backend reads\n%s", head)
	}
}

func TestReservedFieldsNeverComeAsTrailers(t *testing.T) {
	bodies := make(chan string, 1)
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		r, err := p.Request()
		if err != nil {
			return
		}
		body, _ := io.ReadAll(r.Body)
		bodies <- string(body) + " " + r.Trailer.Get("X-Sum") + r.Trailer.Get("X-User") + r.Trailer.Get("X_user")
		_, _ = io.WriteString(p, gatewaytest.OK("ok"))
	})
	g := startAdded(t, "routes: [{ path: \"/*\", upstream: \""+origin.URL+"\", trailers: [X-Sum, X-User, X_user], gate: { word: sesame, as: alice } }]")
	c := gatewaytest.Dial(t, g.Address)
	c.Send("POST / HTTP/1.1\r\nHost: a.example\r\nX-Word: sesame\r\nTrailer: X-Sum, X-User, X_user\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 7\r\nX-User: mallory\r\nX_user: eve\r\n\r\n")
	c.Read("POST")
	if got := <-bodies; got != "hi 7" {
		t.Errorf("the backend reads %q, want the body and X-Sum", got)
	}
}

// A refresh in the background and a repeated attempt are journeys too: the backend reads who
// asked, and never what a client forged.
func TestReservedFieldsInRefreshesAndRetries(t *testing.T) {
	heads := make(chan string, 10)
	origin := gatewaytest.NewOrigin(t, record(heads, "HTTP/1.1 200 OK\r\nCache-Control: public, max-age=0, stale-while-revalidate=600\r\nContent-Length: 2\r\n\r\nok"))
	g := startAdded(t, `routes: [{ path: "/*", upstream: ["http://`+gatewaytest.Dead(t)+`", "`+origin.URL+`"], retry: 3, cache: on, gate: { word: sesame, as: alice }, stamp: { stored: a } }]`)
	for i := range 2 {
		a := gatewaytest.Get(t, g.Address, "/", "X-Word: sesame", "X-User: mallory", "X_User: eve")
		if a.StatusCode != 200 || a.Header.Get("X-Stored") != "a" {
			t.Errorf("request %d: got %d, X-Stored %q", i, a.StatusCode, a.Header.Get("X-Stored"))
		}
		head := <-heads // of the second request: the refresh
		if !strings.Contains(head, "\r\nX-User: alice\r\n") || strings.Contains(head, "mallory") || strings.Contains(head, "eve") {
			t.Errorf("request %d: the backend reads\n%s", i, head)
		}
	}
}

// A response to somebody whom a policy knows is that person's, as one to a request with
// Authorization is (RFC 9111 §3.5).
func TestResponsesToAnIdentityAreNotShared(t *testing.T) {
	heads := make(chan string, 10)
	origin := gatewaytest.NewOrigin(t, record(heads, "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 2\r\n\r\nok"))
	g := startAdded(t, `
routes:
  - { path: "/known", upstream: "`+origin.URL+`", cache: on, gate: { word: sesame, as: alice } }
  - { path: "/anybody", upstream: "`+origin.URL+`", cache: on }`)
	for target, want := range map[string]int{"/known": 2, "/anybody": 1} {
		for range 2 {
			gatewaytest.Get(t, g.Address, target, "X-Word: sesame")
		}
		if n := len(heads); n != want {
			t.Errorf("%s: the origin was asked %d times, want %d", target, n, want)
		}
		for range len(heads) {
			<-heads
		}
	}
}

// The value that a client sends in a reserved field is no part of a cache key either.
// Otherwise the client could choose the key of a response that was made for another user.
func TestReservedFieldsAreNoPartOfAKey(t *testing.T) {
	heads := make(chan string, 10)
	origin := gatewaytest.NewOrigin(t, record(heads, "HTTP/1.1 200 OK\r\nCache-Control: public, max-age=60\r\nVary: X-User\r\nContent-Length: 2\r\n\r\nok"))
	g := startAdded(t, `routes: [{ path: "/*", upstream: "`+origin.URL+`", cache: { key: { headers: [X-User] } }, gate: { word: sesame, as: alice } }]`)
	for _, name := range []string{"mallory", "eve", "alice"} {
		gatewaytest.Get(t, g.Address, "/", "X-Word: sesame", "X-User: "+name)
	}
	if n := len(heads); n != 1 {
		t.Errorf("the origin was asked %d times, want once", n)
	}
}
