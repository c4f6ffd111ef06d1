package gateway_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"penstock/gateway/gatewaytest"
)

// hostileOrigin responds to each request with what respond returns for its head and number.
func hostileOrigin(t *testing.T, respond func(head string, n int) string) *gatewaytest.Origin {
	t.Helper()
	asked := make(chan int, 1)
	asked <- 0
	return gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		for {
			head, err := p.Head()
			if err != nil {
				return
			}
			n := <-asked + 1
			asked <- n
			if _, err := io.WriteString(p, respond(head, n)); err != nil {
				return
			}
		}
	})
}

// A field that makes a framework take a GET for another request, and that no key
// shows, must not decide what others get for the URL.
func TestOverridesAreNotStored(t *testing.T) {
	origin := hostileOrigin(t, func(head string, _ int) string {
		if strings.Contains(strings.ToLower(head), "\nx") && strings.Contains(head, ": evil") {
			return "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 2\r\n\r\nno"
		}
		return gatewaytest.OK("yes")
	})
	g := gatewaytest.Start(t, oneRoute(origin.URL, "    cache: 60s"))
	for i, name := range []string{"X-HTTP-Method-Override", "x-http-method", "X_Method_Override", "X-Original-URL", "X-Rewrite-Url"} {
		path := fmt.Sprintf("/%d", i)
		gatewaytest.Get(t, g.Address, path, name+": evil")
		if got := gatewaytest.Get(t, g.Address, path); got.Text != "yes" {
			t.Errorf("after %s: got %q, want %q", name, got.Text, "yes")
		}
	}
}

// A stored 416 of an origin is sent whole and with one Content-Range, although the gateway
// also makes 416 responses of its own.
func TestStoredRangeRefusalIsTheOrigins(t *testing.T) {
	origin := hostileOrigin(t, func(string, int) string {
		return "HTTP/1.1 416 No\r\nCache-Control: max-age=60\r\nContent-Range: bytes */9\r\nContent-Length: 5\r\n\r\nhello"
	})
	g := gatewaytest.Start(t, oneRoute(origin.URL, "    cache: on"))
	for range 2 {
		c := gatewaytest.Dial(t, g.Address)
		c.Send("GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n")
		got, _ := io.ReadAll(c.In)
		if text := string(got); !strings.HasSuffix(text, "\r\n\r\nhello") || strings.Count(text, "Content-Range:") != 1 {
			t.Errorf("got %q, want the origin's body and one Content-Range", text)
		}
	}
}

// A stored 204 has no Content-Length (RFC 9110 §8.6), for a HEAD neither.
func TestStoredNoContentHasNoLengthForHead(t *testing.T) {
	origin := hostileOrigin(t, func(string, int) string {
		return "HTTP/1.1 204 No Content\r\nCache-Control: max-age=60\r\n\r\n"
	})
	g := gatewaytest.Start(t, oneRoute(origin.URL, "    cache: on"))
	gatewaytest.Get(t, g.Address, "/")
	c := gatewaytest.Dial(t, g.Address)
	c.Send("HEAD / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n")
	if got, _ := io.ReadAll(c.In); strings.Contains(string(got), "Content-Length") || !strings.Contains(string(got), "; hit") {
		t.Errorf("got %q, want a hit without Content-Length", got)
	}
}

// A stored response that may be used for one more request only, because its 304 said so, has
// one Age and a Date like every response.
func TestConfirmedForOneClientHasOneAge(t *testing.T) {
	origin := hostileOrigin(t, func(_ string, n int) string {
		if n > 1 {
			return "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nAge: 7\r\nCache-Control: private\r\n\r\n"
		}
		return "HTTP/1.1 200 OK\r\nETag: \"a\"\r\nCache-Control: max-age=0\r\nContent-Length: 5\r\n\r\nhello"
	})
	g := gatewaytest.Start(t, oneRoute(origin.URL, "    cache: on"))
	gatewaytest.Get(t, g.Address, "/")
	c := gatewaytest.Dial(t, g.Address)
	c.Send("GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n")
	got, _ := io.ReadAll(c.In)
	if text := string(got); strings.Count(text, "\r\nAge: ") != 1 || strings.Count(text, "\r\nDate: ") != 1 || !strings.HasSuffix(text, "hello") {
		t.Errorf("got %q, want one Age and one Date", text)
	}
}

// The request to the origin is without the client's condition. A 304 to it says nothing about
// the representation that the client has.
func TestUnasked304IsNoAnswerToACondition(t *testing.T) {
	origin := hostileOrigin(t, func(string, int) string {
		return "HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=60\r\n\r\n"
	})
	g := gatewaytest.Start(t, oneRoute(origin.URL, "    cache: on"))
	if got := gatewaytest.Get(t, g.Address, "/", `If-None-Match: "mine"`); got.StatusCode != 502 {
		t.Errorf("got %d, want 502", got.StatusCode)
	}
}
