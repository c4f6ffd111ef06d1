package gateway_test

import (
	"io"
	"strings"
	"testing"

	"penstock/gateway/gatewaytest"
)

// headOf returns a request of exactly size bytes.
func headOf(size int) string {
	const begin, end = "GET / HTTP/1.1\r\nHost: a\r\nX-Fill: ", "\r\n\r\n"
	return begin + strings.Repeat("x", size-len(begin)-len(end)) + end
}

func TestLimitsOnTheHead(t *testing.T) {
	origin := gatewaytest.NewOrigin(t, gatewaytest.Always(gatewaytest.OK("ok")))
	g := gatewaytest.Start(t, "limits: { header_bytes: 1KiB, headers: 4, uri: 64B }\n"+oneRoute(origin.URL))
	target := func(n int) string {
		return "GET /" + strings.Repeat("x", n-1) + " HTTP/1.1\r\nHost: a\r\n\r\n"
	}
	fields := func(n int) string {
		return "GET / HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("X-A: 1\r\n", n-1) + "\r\n"
	}
	for name, tc := range map[string]struct {
		raw    string
		status int
		reason string
	}{
		"a head at the limit":            {headOf(1 << 10), 200, ""},
		"a head above it":                {headOf(1<<10 + 1), 431, "header-too-large"},
		"a head far above it":            {headOf(100 << 10), 431, "header-too-large"},
		"a target at the limit":          {target(64), 200, ""},
		"a target above it":              {target(65), 414, "uri-too-long"},
		"a target above the whole head":  {target(2 << 10), 414, "uri-too-long"},
		"a target far above":             {target(100 << 10), 414, "uri-too-long"},
		"an absolute target above it":    {"GET http://a" + target(60)[4:], 414, "uri-too-long"},
		"fields at the limit":            {fields(4), 200, ""},
		"fields above it":                {fields(5), 431, "too-many-fields"},
		"above it, expecting":            {"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n" + fields(3)[16:], 431, "too-many-fields"},
		"a method that never ends":       {strings.Repeat("G", 4<<10), 414, "uri-too-long"},
		"pipelined, a target far above":  {target(9) + target(100<<10), 414, "uri-too-long"},
		"pipelined, a head far above":    {target(9) + headOf(100<<10), 431, "header-too-large"},
		"pipelined, a head at the limit": {headOf(1<<10) + headOf(1<<10), 200, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := gatewaytest.Dial(t, g.Address)
			_, _ = io.WriteString(c, tc.raw) // the gateway may close while a long head is still being sent
			if strings.HasPrefix(name, "pipelined") {
				if a := c.Read("GET"); a.StatusCode != 200 {
					t.Errorf("first: got %d %s", a.StatusCode, a.Text)
				}
			}
			a := c.Read("GET")
			if a.StatusCode != tc.status || a.Close != (tc.status != 200) || !strings.Contains(a.Text, tc.reason) {
				t.Errorf("got %d %s, close %v; want %d %s", a.StatusCode, a.Text, a.Close, tc.status, tc.reason)
			}
		})
	}
	for _, reason := range []string{"header-too-large", "uri-too-long", "too-many-fields"} {
		if n := g.Count(`penstock_faults_total{route="",fault="` + reason + `"}`); n == "none" || n == "0" {
			t.Errorf("fault %s is counted %s times", reason, n)
		}
	}
}

func TestLimitsOnTheHeadFollowAReload(t *testing.T) {
	origin := gatewaytest.NewOrigin(t, gatewaytest.Always(gatewaytest.OK("ok")))
	g := gatewaytest.Start(t, oneRoute(origin.URL))
	c := gatewaytest.Dial(t, g.Address)
	status := func(target string, fields ...string) int {
		c.Send("GET " + target + " HTTP/1.1\r\nHost: a\r\n" + strings.Join(fields, "\r\n") + "\r\n\r\n")
		return c.Read("GET").StatusCode
	}
	long := "/" + strings.Repeat("x", 100)
	if got := status(long, "X-A: 1"); got != 200 {
		t.Fatalf("before: %d", got)
	}
	listen := "listen: \"127.0.0.1:0\"\nadmin: off\nlog: { access: off }\n"
	if err := g.Reload(gatewaytest.Parse(t, listen+"limits: { uri: 64B }\n"+oneRoute(origin.URL))); err != nil {
		t.Fatal(err)
	}
	if got := status(long, "X-A: 1"); got != 414 {
		t.Errorf("uri: %d", got)
	}
	if err := g.Reload(gatewaytest.Parse(t, listen+"limits: { headers: 1 }\n"+oneRoute(origin.URL))); err != nil {
		t.Fatal(err)
	}
	c = gatewaytest.Dial(t, g.Address)
	if got := status(long, "X-A: 1"); got != 431 {
		t.Errorf("headers: %d", got)
	}
	err := g.Reload(gatewaytest.Parse(t, listen+"limits: { header_bytes: 64KiB }\n"+oneRoute(origin.URL)))
	if err == nil || !strings.Contains(err.Error(), "limits.header_bytes") {
		t.Errorf("header_bytes: got %v, want that it needs a restart", err)
	}
}

func TestLastRequestOfAConnection(t *testing.T) {
	origin := gatewaytest.NewOrigin(t, gatewaytest.Always(gatewaytest.OK("ok")))
	g := gatewaytest.Start(t, "limits: { requests_per_connection: 3 }\n"+oneRoute(origin.URL))
	for name, raw := range map[string]string{
		"HTTP/1.1":         "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
		"HTTP/1.0":         "GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
		"with a body":      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi",
		"chunked":          "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
		"an invited body":  "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi",
		"answered locally": "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			c := gatewaytest.Dial(t, g.Address)
			for i := range 3 {
				c.Send(raw)
				a := c.Read("GET")
				if a.StatusCode == 100 {
					a = c.Read("GET")
				}
				if a.StatusCode != 200 && a.StatusCode != 501 || a.Close != (i == 2) {
					t.Fatalf("answer %d: %d, close %v", i+1, a.StatusCode, a.Close)
				}
			}
			if !c.Closed() {
				t.Error("the connection is still open")
			}
		})
	}
	c := gatewaytest.Dial(t, g.Address)
	c.Send(get)
	c.Read("GET")
	if err := g.Reload(gatewaytest.Parse(t, oneRoute(origin.URL))); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		c.Send(get)
		if a := c.Read("GET"); a.Close {
			t.Fatal("closed after the limit was taken away")
		}
	}
}
