package gateway_test

import (
	"strings"
	"testing"

	"penstock/gateway/gatewaytest"
)

// oneRoute is a configuration that sends everything to one origin.
func oneRoute(url string, more ...string) string {
	return "routes:\n  - path: \"/*\"\n    upstream: \"" + url + "\"\n" + strings.Join(more, "\n") + "\n"
}

// record returns a script that sends the raw head of every request to heads, and responds.
func record(heads chan<- string, answer string) func(p *gatewaytest.Peer) {
	return func(p *gatewaytest.Peer) {
		for {
			head, err := p.Head()
			if err != nil {
				return
			}
			heads <- head
			if _, err := p.Write([]byte(answer)); err != nil {
				return
			}
		}
	}
}

// forwarded sends one raw request through a gateway and returns the head that the
// origin saw.
func forwarded(t *testing.T, raw string, more ...string) string {
	t.Helper()
	heads := make(chan string, 1)
	origin := gatewaytest.NewOrigin(t, record(heads, gatewaytest.OK("ok")))
	g := gatewaytest.Start(t, oneRoute(origin.URL, more...))
	c := gatewaytest.Dial(t, g.Address)
	c.Send(raw)
	if a := c.Read("GET"); a.StatusCode != 200 {
		t.Fatalf("status %d: %s", a.StatusCode, a.Text)
	}
	return <-heads
}

func TestTargetAndFieldsGoOnByteForByte(t *testing.T) {
	head := forwarded(t, "GET /a//b/%7e;x=1/.x?x=%20&&y=? HTTP/1.1\r\n"+
		"Host: Shop.Example:8080\r\n"+
		"x-lower: 1\r\nX-Dup: b\r\nX-DUP: a\r\nX-Dup: c\r\n"+
		"Cookie: a=\"x y\"; b=1;c\r\nCookie: d=2\r\n"+
		"ETag-ish:   spaced  \r\nAccept: */*\r\n\r\n")
	if line, _, _ := strings.Cut(head, "\r\n"); line != "GET /a//b/%7e;x=1/.x?x=%20&&y=? HTTP/1.1" {
		t.Errorf("request line %q", line)
	}
	for _, want := range []string{
		"\r\nHost: Shop.Example:8080\r\n",
		"\r\nx-lower: 1\r\nX-Dup: b\r\nX-DUP: a\r\nX-Dup: c\r\n",
		"\r\nCookie: a=\"x y\"; b=1;c\r\nCookie: d=2\r\n",
		"\r\nETag-ish: spaced\r\nAccept: */*\r\n",
	} {
		if !strings.Contains(head, want) {
			t.Errorf("the origin's head lacks %q:\n%s", want, head)
		}
	}
}

func TestHopByHopFieldsStayBehind(t *testing.T) {
	head := forwarded(t, "GET / HTTP/1.1\r\nHost: a.example\r\n"+
		"Connection: keep-alive, X-Secret , , Host, X-Forwarded-For\r\n"+
		"X-Secret: 1\r\nKeep-Alive: timeout=5\r\nProxy-Connection: x\r\nTE: trailers\r\n"+
		"Proxy-Authorization: Basic eA==\r\nUpgrade: h2c\r\nX-Kept: 1\r\n\r\n")
	for _, gone := range []string{"Connection", "X-Secret", "Keep-Alive", "TE:", "Proxy-Authorization", "Upgrade", "h2c"} {
		if strings.Contains(head, gone) {
			t.Errorf("%s went on:\n%s", gone, head)
		}
	}
	for _, kept := range []string{"\r\nHost: a.example\r\n", "\r\nX-Kept: 1\r\n", "\r\nX-Forwarded-For: 127.0.0.1\r\n"} {
		if !strings.Contains(head, kept) {
			t.Errorf("%q is missing:\n%s", kept, head)
		}
	}
}

func TestForwardingFieldsOfStrangersAreReplaced(t *testing.T) {
	raw := "GET / HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\n" +
		"X-Forwarded-Host: evil.example\r\nForwarded: for=6.6.6.6\r\nX-Request-Id: stolen\r\n\r\n"
	head := forwarded(t, raw)
	for _, gone := range []string{"6.6.6.6", "https", "evil.example", "stolen"} {
		if strings.Contains(head, gone) {
			t.Errorf("%q was believed:\n%s", gone, head)
		}
	}
	for _, want := range []string{"X-Forwarded-For: 127.0.0.1\r\n", "X-Forwarded-Proto: http\r\n", "X-Forwarded-Host: a.example\r\n", "Via: 1.1 penstock\r\n"} {
		if !strings.Contains(head, want) {
			t.Errorf("%q is missing:\n%s", want, head)
		}
	}

	trusted := forwarded(t, raw, "trusted_proxies: [127.0.0.0/8]")
	for _, want := range []string{"X-Forwarded-For: 6.6.6.6, 127.0.0.1\r\n", "X-Forwarded-Proto: https\r\n", "X-Forwarded-Host: evil.example\r\n", "X-Request-Id: stolen\r\n"} {
		if !strings.Contains(trusted, want) {
			t.Errorf("from a trusted proxy %q is missing:\n%s", want, trusted)
		}
	}
}

func TestHostPolicies(t *testing.T) {
	for policy, want := range map[string]string{
		"preserve": "Host: a.example\r\n", "upstream": "Host: 127.0.0.1:", "fixed.example": "Host: fixed.example\r\n",
	} {
		heads := make(chan string, 1)
		origin := gatewaytest.NewOrigin(t, record(heads, gatewaytest.OK("ok")))
		g := gatewaytest.Start(t, "upstreams:\n  up:\n    host: "+policy+"\n    backends: [{ url: \""+origin.URL+"\" }]\n"+oneRoute("up"))
		gatewaytest.Get(t, g.Address, "/")
		if head := <-heads; !strings.Contains(head, want) {
			t.Errorf("host: %s: want %q in\n%s", policy, want, head)
		}
	}
}

func TestRouteChangesTheTarget(t *testing.T) {
	heads := make(chan string, 1)
	origin := gatewaytest.NewOrigin(t, record(heads, gatewaytest.OK("ok")))
	up := "    upstream: \"" + origin.URL + "\"\n"
	g := gatewaytest.Start(t, "routes:\n"+
		"  - path: \"/orders/{id}\"\n    rewrite: \"/v2/orders/{id}\"\n"+up+
		"  - path: \"/api/*\"\n    strip_prefix: /api\n"+up+
		"    headers: { request: { set: { X-Edge: penstock }, remove: [X-Debug] } }\n")
	for target, want := range map[string]string{
		"/orders/7?x=1":     "GET /v2/orders/7?x=1 HTTP/1.1\r\n",
		"/orders/a%20b?":    "GET /v2/orders/a%20b? HTTP/1.1\r\n",
		"/api/users/1?a=%2": "GET /users/1?a=%2 HTTP/1.1\r\n",
		"/api":              "GET / HTTP/1.1\r\n",
	} {
		gatewaytest.Get(t, g.Address, target, "X-Debug: 1", "X-Edge: client")
		head := <-heads
		if !strings.HasPrefix(head, want) {
			t.Errorf("%s: want %q, got\n%s", target, want, head)
		}
		if strings.HasPrefix(target, "/api") && (strings.Contains(head, "X-Debug") || !strings.Contains(head, "X-Edge: penstock\r\n") || strings.Contains(head, "X-Edge: client")) {
			t.Errorf("%s: edits are missing in\n%s", target, head)
		}
	}
}

func TestAbsoluteFormIsSentOnAsOriginForm(t *testing.T) {
	head := forwarded(t, "GET http://other.example/x?y HTTP/1.1\r\nHost: ignored.example\r\n\r\n")
	if !strings.HasPrefix(head, "GET /x?y HTTP/1.1\r\n") || !strings.Contains(head, "\r\nHost: other.example\r\n") {
		t.Errorf("got\n%s", head)
	}
}

func TestDotSegmentsAreResolvedForTheBackendToo(t *testing.T) {
	head := forwarded(t, "GET /public/%2e%2e/admin/./x?a=/../b HTTP/1.1\r\nHost: a.example\r\n\r\n")
	if !strings.HasPrefix(head, "GET /admin/x?a=/../b HTTP/1.1\r\n") {
		t.Errorf("the backend sees another path than the route was chosen by:\n%s", head)
	}
}
