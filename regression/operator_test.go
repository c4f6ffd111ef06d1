//go:build linux

package regression

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"penstock/origin/scripted"
)

// Connections that others hold do not keep the supervisor from asking how the gateway is.
func TestFixed11HealthIsServedWhoeverElseIsConnected(t *testing.T) {
	for name, text := range map[string]string{
		"silent":                         "",
		"idle after a request":           "GET /api/routes HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"with a body that does not come": "POST /api/reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := start(t, "routes: [{ path: /, respond: 200 }]\n")
			for range 400 {
				dial(t, g.admin).send(text)
			}
			for path, want := range map[string]string{"/healthz": "ok\n", "/readyz": "ready\n"} {
				if got := g.api(path); got != want {
					t.Errorf("%s: got %q, want %q", path, got, want)
				}
			}
		})
	}
}

// A backend that gives no whole response is down, also when nothing can take its place.
func TestFixed14ABackendThatFailsIsDown(t *testing.T) {
	dead := free(t)
	for name, script := range map[string]func(*scripted.Peer){
		"refuses": nil,
		"silent": func(p *scripted.Peer) {
			_, _ = p.Head()
			_, _ = p.In.ReadByte() // until the gateway closes
		},
		"cuts": func(p *scripted.Peer) {
			_, _ = p.Head()
			p.Say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := dead
			if script != nil {
				address = backend(t, script).Address
			}
			g := start(t, "timeouts: { first_byte: 50ms }\nupstreams: { u: { backends: [\"http://"+address+"\"], eject: { failures: 3 } } }\n"+
				"routes: [{ path: \"/*\", upstream: u, retry: off }]\n")
			for range 3 {
				g.ask("http://" + g.address + "/")
			}
			if state := g.api("/api/upstreams"); !regexp.MustCompile(`"state": *"down"`).MatchString(state) || !strings.Contains(state, `"last_failure"`) {
				t.Errorf("/api/upstreams: got %s, want down and its last failure", state)
			}
			if up := g.metric(`penstock_backend_up{upstream="u",backend="` + address + `"}`); up != "0" {
				t.Errorf("penstock_backend_up is %s, want 0", up)
			}
		})
	}
}

// Of three backends one fails at once: that makes it no faster than the others.
func TestFixed14FailingFastAttractsNothing(t *testing.T) {
	t.Parallel()
	slow := func(p *scripted.Peer) {
		for {
			if _, err := p.Request(); err != nil {
				return
			}
			<-time.After(5 * time.Millisecond)
			p.Say(scripted.OK("good"))
		}
	}
	bad := backend(t, scripted.Always("HTTP/1.1 500 Broken\r\nContent-Length: 3\r\n\r\nbad"))
	a, b := backend(t, slow), backend(t, slow)
	g := start(t, fmt.Sprintf("upstreams: { u: { balance: latency, backends: [\"http://%s\", \"http://%s\", \"http://%s\"] } }\nroutes: [{ path: \"/*\", upstream: u }]\n", bad.Address, a.Address, b.Address))
	c, failed := dial(t, g.address), 0
	const requests = 300
	for range requests {
		if c.ask("GET /").Status == 500 {
			failed++
		}
	}
	t.Logf("the backend that fails got %d of %d requests", failed, requests)
	if failed > requests/2 {
		t.Errorf("the backend that fails got %d of %d requests", failed, requests)
	}
}

// A refused request is logged with its client, an id, and what was read of it and no more.
func TestFixed15RefusedRequestsAreLoggedWithWhoAskedForWhat(t *testing.T) {
	long := strings.Repeat("x", 40_000)
	for name, tc := range map[string]struct {
		raw  string
		want line
	}{
		"400":   {"DELETE /a?b HTTP/1.0\r\nHost : a\r\n\r\n", line{Method: "DELETE", Target: "/a?b", Protocol: "HTTP/1.0", Fault: "bad-header", Status: 400}},
		"414":   {"PUT /" + long, line{Fault: "uri-too-long", Status: 414}},
		"431":   {"PUT /a HTTP/1.1\r\nHost: a\r\nX-A: " + long, line{Method: "PUT", Target: "/a", Protocol: "HTTP/1.1", Fault: "header-too-large", Status: 431}},
		"505":   {"PUT /a HTTP/2.0\r\nHost: a\r\n\r\n", line{Method: "PUT", Target: "/a", Protocol: "HTTP/2.0", Fault: "version-refused", Status: 505}},
		"TRACE": {"TRACE /a HTTP/1.1\r\nHost: a\r\n\r\n", line{Method: "TRACE", Target: "/a", Protocol: "HTTP/1.1", Fault: "method-refused", Status: 501}},
		"TLS":   {"\x16\x03\x01\x02\x00\x01", line{Fault: "tls-on-plain-port", Status: 400}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := start(t, "timeouts: { header: 2s }\nroutes: [{ path: \"/*\", respond: 200 }]\n")
			c := dial(t, g.address)
			c.send(tc.raw)
			c.read()
			got := g.access(1)[0]
			want := tc.want
			want.Client, want.ID = "127.0.0.1", got.ID
			if got != want || len(got.ID) != 32 {
				t.Errorf("got  %+v\nwant %+v with an id", got, want)
			}
		})
	}
}

func TestFixed15RequestsBeyondTheLimitAreLoggedWithWhoAsked(t *testing.T) {
	t.Parallel()
	o, h := holding(t)
	g := start(t, "trusted_proxies: 127.0.0.1\nlimits: { requests: 1 }\n"+one(o)+patientRoute)
	dial(t, g.address).request("GET /silent")
	<-h.asked
	get(t, g.address, "GET /b HTTP/1.1", "Host: a", "X-Forwarded-For: 203.0.113.7", "X-Request-Id: theirs")
	want := line{ID: "theirs", Client: "203.0.113.7", Method: "GET", Target: "/b", Protocol: "HTTP/1.1", Fault: "overloaded", Status: 503}
	if got := g.access(1)[0]; got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// Supervisors and terminals send two signals at once. A program that takes the
// second for another one ends within the two seconds that this test watches.
func TestFixed16TwoSignalsAtOnceAreOne(t *testing.T) {
	t.Parallel()
	asked, release := make(chan struct{}, 1), make(chan struct{})
	o := backend(t, func(p *scripted.Peer) {
		_, _ = p.Head()
		p.Say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha")
		asked <- struct{}{}
		<-release
		p.Say("lf")
	})
	g := start(t, one(o))
	c := dial(t, g.address)
	c.request("GET /")
	<-asked
	g.signal(syscall.SIGTERM)
	g.signal(syscall.SIGINT) // two of a kind might be one already in the kernel
	select {
	case <-g.ended:
	case <-time.After(2 * time.Second):
	}
	close(release)
	if m, err := c.in.Final("GET"); err != nil || m.Body != "half" {
		t.Errorf("the request under way got %+v, %v", m, err)
	}
}

func TestFixed16PurgeOfAStrangerReachesNoBackend(t *testing.T) {
	for name, cache := range map[string]string{"a route that caches": "cache: on", "a route that does not": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, seen := heads(t, fresh)
			g := start(t, one(o, cache))
			if a := get(t, g.address, "PURGE / HTTP/1.1"); a.Status != 403 || len(seen) > 0 {
				t.Errorf("got %d, and the backend %d requests; want 403 and none", a.Status, len(seen))
			}
		})
	}
}

// Faults of clients have Proxy-Status, too.
func TestFixed16FaultsOfClientsHaveProxyStatus(t *testing.T) {
	g := start(t, "limits: { body: 1KiB }\n"+"routes: [{ path: /only, upstream: \"http://127.0.0.1:9\" }]\n")
	for name, head := range map[string][]string{
		"path-refused":   {"GET /a%2fb HTTP/1.1", "Host: a"},
		"bad-header":     {"GET / HTTP/1.1", "Host : a"},
		"body-too-large": {"POST /only HTTP/1.1", "Host: a", "Content-Length: 2000"},
	} {
		t.Run(name, func(t *testing.T) {
			if a := get(t, g.address, head...); !strings.Contains(a.Field("Proxy-Status"), `details="`+name+`"`) {
				t.Errorf("%d has Proxy-Status %q", a.Status, a.Field("Proxy-Status"))
			}
		})
	}
}

func TestFixed16TheCauseOfAFailureIsVisible(t *testing.T) {
	t.Parallel()
	g := start(t, "upstreams: { u: \"http://"+free(t)+"\" }\nroutes: [{ path: \"/*\", upstream: u, retry: off }]\n")
	before := time.Now()
	get(t, g.address, "GET / HTTP/1.1")
	if l := g.access(1)[0]; !strings.Contains(l.FaultCause, "connection refused") {
		t.Errorf("the access log has %+v, want its cause", l)
	}
	text := g.api("/api/upstreams")
	at := regexp.MustCompile(`"last_failure": *\{[^}]*"at": *"([^"]+)"`).FindStringSubmatch(text)
	if at == nil || !strings.Contains(text, "connection refused") {
		t.Fatalf("/api/upstreams: got %s, want the last failure", text)
	}
	if when, err := time.Parse(time.RFC3339, at[1]); err != nil || when.Before(before.Add(-time.Second)) {
		t.Errorf("it was at %s, %v", at[1], err)
	}
}

func TestFixed19DrainsAreLogged(t *testing.T) {
	t.Parallel()
	o := backend(t, scripted.Always(scripted.OK("ok")))
	g := start(t, "upstreams: { u: \"http://"+o.Address+"\" }\nroutes: [{ path: \"/*\", upstream: u }]\n")
	if a := g.change("PUT", "/api/upstreams/u/backends/"+o.Address, `{"drain": true}`); !strings.Contains(a, " 200 ") {
		t.Fatal(a)
	}
	for _, want := range []string{"drained backend is empty", "the last backend of the upstream is drained"} {
		if !strings.Contains(g.log(), want) {
			t.Errorf("the log does not say %q:\n%s", want, g.log())
		}
	}
}

// large is a configuration of so many routes over a tenth of upstreams, in which a stamp
// changes everything.
func large(n int, stamp int) string {
	var text strings.Builder
	text.WriteString("log: { access: off }\nupstreams:\n")
	for i := range n / 10 {
		fmt.Fprintf(&text, "  u%d: { backends: [\"http://127.0.0.1:%d\", \"http://127.0.0.2:%d\"], pool: { max: %d } }\n", i, 20_000+i, 20_000+i, 100+stamp)
	}
	text.WriteString("routes:\n")
	for i := range n {
		fmt.Fprintf(&text, "- { path: \"/r%d/*\", upstream: u%d, headers: { request: { set: { X-Stamp: \"%d\" } } } }\n", i, i/10, stamp)
	}
	return text.String()
}

func TestFixed22ThePageOfMetricsIsBounded(t *testing.T) {
	t.Parallel()
	g := start(t, large(10_000, 0))
	if n := len(g.api("/metrics")); n > 6_000_000 {
		t.Errorf("/metrics of 10,000 routes and 1,000 upstreams has %d bytes, want at most 6 MB", n)
	}
}

// The heap that is live after 20 reloads is that of a generation or two.
func TestFixed22ReplacedGenerationsAreFreed(t *testing.T) {
	t.Parallel()
	g := start(t, large(1000, 0))
	before := g.live()
	for n := range 20 {
		g.write(large(1000, n+1))
		if a := g.change("POST", "/api/reload", ""); !strings.Contains(a, " 200 ") {
			t.Fatalf("reload %d: %s", n, a)
		}
	}
	if after := g.live(); after > 2.5*before {
		t.Errorf("%.1f MB of the heap are live, %.1f times what it was before 20 reloads; want at most 2.5", after/1e6, after/before)
	}
}

// live returns the bytes that a garbage collection from now on leaves: half of the size at
// which the next one begins. Refused reloads make garbage until there were two.
func (g *gateway) live() float64 {
	g.t.Helper()
	good := large(1000, 0)
	figure := func(name string) float64 {
		found := regexp.MustCompile(`(?m)^# ` + name + ` = (\d+)`).FindStringSubmatch(g.api("/debug/pprof/heap?debug=1"))
		if found == nil {
			g.t.Fatal("the heap profile has no " + name)
		}
		n, _ := strconv.ParseFloat(found[1], 64)
		return n
	}
	for until := figure("NumGC") + 3; figure("NumGC") < until; {
		g.write(strings.Replace(good, "path:", "path: none, was:", 1))
		g.change("POST", "/api/reload", "")
	}
	return figure("NextGC") / 2
}
