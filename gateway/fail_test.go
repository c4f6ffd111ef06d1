package gateway_test

import (
	"encoding/json"
	"io"
	"strings"
	"testing"

	"penstock/gateway/gatewaytest"
)

func TestNoRouteIsA404OfOurOwn(t *testing.T) {
	g := gatewaytest.Start(t, "routes: [{ path: /only, respond: { status: 200, body: hi } }]")
	a := gatewaytest.Get(t, g.Address, "/only/")
	var problem struct {
		Title, Detail, Reason string
		Status                int
	}
	if err := json.Unmarshal([]byte(a.Text), &problem); err != nil || problem.Status != 404 || problem.Reason != "no-route" || problem.Title != "Not Found" {
		t.Errorf("%q: %v, %+v", a.Text, err, problem)
	}
	if a.StatusCode != 404 || a.Header.Get("Content-Type") != "application/problem+json" || a.Header.Get("X-Request-Id") == "" || a.Header.Get("Date") == "" {
		t.Errorf("status %d, header %v", a.StatusCode, a.Header)
	}
	a = gatewaytest.Get(t, g.Address, "/only/", "Accept: text/html, text/plain")
	if a.Header.Get("Content-Type") != "text/plain; charset=utf-8" || !strings.HasPrefix(a.Text, "404 Not Found\n") {
		t.Errorf("as text: %v %q", a.Header, a.Text)
	}
}

func TestLocalAnswersKeepTheConnection(t *testing.T) {
	g := gatewaytest.Start(t, "routes:\n"+
		"  - { path: /robots.txt, respond: { status: 200, headers: { Content-Type: text/plain }, body: \"hi\\n\" }, headers: { response: { set: { X-Edge: penstock } } } }\n"+
		"  - { path: \"/old/{rest:*}\", redirect: { to: \"/new/{rest}\", code: 308 } }\n")
	c := gatewaytest.Dial(t, g.Address)
	for range 2 {
		c.Send("GET /robots.txt HTTP/1.1\r\nHost: a\r\n\r\n")
		if a := c.Read("GET"); a.Text != "hi\n" || a.Header.Get("Content-Type") != "text/plain" || a.Header.Get("X-Edge") != "penstock" || a.Header.Get("Date") == "" {
			t.Errorf("fixed: %q %v", a.Text, a.Header)
		}
		c.Send("HEAD /robots.txt HTTP/1.1\r\nHost: a\r\n\r\n")
		if a := c.Read("HEAD"); a.ContentLength != 3 || a.Text != "" {
			t.Errorf("HEAD: length %d, body %q", a.ContentLength, a.Text)
		}
		c.Send("GET /old/a/b?c=d HTTP/1.1\r\nHost: a\r\n\r\n")
		if a := c.Read("GET"); a.StatusCode != 308 || a.Header.Get("Location") != "/new/a/b?c=d" {
			t.Errorf("redirect: %d %q", a.StatusCode, a.Header.Get("Location"))
		}
	}
}

func TestRefusedRequests(t *testing.T) {
	origin := gatewaytest.NewOrigin(t, gatewaytest.Always(gatewaytest.OK("ok")))
	g := gatewaytest.Start(t, oneRoute(origin.URL))
	for name, tc := range map[string]struct {
		raw    string
		status int
	}{
		"CONNECT":                     {"CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n", 501},
		"TRACE":                       {"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 501},
		"HTTP/2.0":                    {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
		"no Host":                     {"GET / HTTP/1.1\r\n\r\n", 400},
		"two Hosts":                   {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
		"Host with credentials":       {"GET / HTTP/1.1\r\nHost: u:p@a\r\n\r\n", 400},
		"length and chunked":          {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
		"identity coding":             {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n", 400},
		"chunked on HTTP/1.0":         {"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
		"a bare line feed":            {"GET / HTTP/1.1\r\nHost: a\nX-A: 1\r\n\r\n", 400},
		"a folded line":               {"GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n 2\r\n\r\n", 400},
		"a space before the colon":    {"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400},
		"a space in a name":           {"GET / HTTP/1.1\r\nHost: a\r\nX A: 1\r\n\r\n", 400},
		"a path that leaves the root": {"GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		"an encoded slash":            {"GET /a%2fb HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		"another scheme":              {"GET file:///etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		"a header that never fits":    {"GET / HTTP/1.1\r\nHost: a\r\nX-A: " + strings.Repeat("x", 40_000) + "\r\n\r\n", 431},
	} {
		t.Run(name, func(t *testing.T) {
			c := gatewaytest.Dial(t, g.Address)
			_, _ = io.WriteString(c, tc.raw) // the gateway may close while a long head is still being sent
			a := c.Read("GET")
			if a.StatusCode != tc.status || !a.Close && tc.status != 501 {
				t.Errorf("got %d, close %v; want %d and close", a.StatusCode, a.Close, tc.status)
			}
		})
	}
	if n := origin.Connections(); n != 0 {
		t.Errorf("refused requests reached the origin: %d connections", n)
	}
}

func TestDeadBackendIsA502WithItsNameInProxyStatus(t *testing.T) {
	dead := gatewaytest.Dead(t)
	g := gatewaytest.Start(t, oneRoute("http://"+dead))
	a := gatewaytest.Get(t, g.Address, "/")
	if a.StatusCode != 502 || !strings.Contains(a.Header.Get("Proxy-Status"), "error=connection_refused") {
		t.Errorf("got %d, Proxy-Status %q", a.StatusCode, a.Header.Get("Proxy-Status"))
	}
	if strings.Contains(a.Text, dead) {
		t.Errorf("the client reads the backend's address: %s", a.Text)
	}
}

func TestRequestsAboveTheLimitAreShedAtOnce(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		if _, err := p.Head(); err != nil {
			return
		}
		entered <- struct{}{}
		<-leave
		_, _ = io.WriteString(p, gatewaytest.OK("ok"))
	})
	g := gatewaytest.Start(t, "limits: { requests: 1 }\n"+oneRoute(origin.URL))
	first := gatewaytest.Dial(t, g.Address)
	first.Send(get)
	<-entered
	shed := gatewaytest.Dial(t, g.Address)
	for _, method := range []string{"GET", "HEAD", "GET"} { // on one connection: nothing was left unread
		shed.Send(method + " / HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\n\r\n")
		a := shed.Read(method)
		if a.StatusCode != 503 || a.Header.Get("Retry-After") != "1" || a.Close || a.ContentLength < 20 || a.Header.Get("Date") == "" {
			t.Errorf("%s: got %d %v, close %v; want 503, Retry-After, the length of the body and no close", method, a.StatusCode, a.Header, a.Close)
		}
		if want := "503 Service Unavailable\n"; method == "GET" && !strings.HasPrefix(a.Text, want) {
			t.Errorf("%s: got %q, want %q first", method, a.Text, want)
		}
	}
	shed.Send("GET / HTTP/1.0\r\nHost: a\r\n\r\n")
	if a := shed.Read("GET"); a.StatusCode != 503 || a.Header.Get("Retry-After") != "1" || !a.Close || !strings.Contains(a.Text, `"overloaded"`) {
		t.Errorf("HTTP/1.0: got %d %v %q; want 503 and close", a.StatusCode, a.Header, a.Text)
	}
	close(leave)
	if a := first.Read("GET"); a.StatusCode != 200 {
		t.Errorf("the admitted request got %d", a.StatusCode)
	}
}
