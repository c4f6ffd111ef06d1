package gateway_test

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"penstock/config"
	"penstock/gateway"
	"penstock/gateway/gatewaytest"
)

// manyRoutes is a configuration of so many routes over one upstream; stamp makes each
// route differ from those of another stamp.
func manyRoutes(url string, routes int, stamp string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "listen: \"127.0.0.1:0\"\nadmin: off\nlog: { access: off }\nupstreams: { up: %q }\nroutes:\n", url)
	for i := range routes {
		fmt.Fprintf(&b, "  - { path: \"/r%d/*\", upstream: up, headers: { request: { set: { X-Stamp: %q } } } }\n", i, stamp)
	}
	return b.String()
}

// liveHeap returns the bytes that are reachable.
func liveHeap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what pools held is free now
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// The routes of a generation, their table and its configuration are freed after its last
// request. A request keeps them, an idle connection does not.
func TestRetiredGenerationsAreFreed(t *testing.T) {
	const routes = 2000
	hold := make(chan struct{})
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		for {
			r, err := p.Request()
			if err != nil {
				return
			}
			if strings.HasSuffix(r.URL.Path, "/slow") {
				<-hold
			}
			if _, err := io.WriteString(p, gatewaytest.OK("ok")); err != nil {
				return
			}
		}
	})
	g := gatewaytest.Start(t, manyRoutes(origin.URL, routes, "0"))
	reload := func(stamp string) {
		t.Helper()
		if err := g.Reload(gatewaytest.Parse(t, manyRoutes(origin.URL, routes, stamp))); err != nil {
			t.Fatal(err)
		}
	}
	live := func() string { return g.Count("penstock_config_generations_live") }
	idle := gatewaytest.Dial(t, g.Address)
	ask := func() {
		t.Helper()
		_ = idle.SetDeadline(time.Now().Add(gatewaytest.Wait)) // of each request: the reloads between them may take longer together
		idle.Send("GET /r1/ HTTP/1.1\r\nHost: a\r\n\r\n")
		if a := idle.Read("GET"); a.Text != "ok" {
			t.Fatalf("got %d %s", a.StatusCode, a.Text)
		}
	}
	ask()
	reload("1")
	before := liveHeap()
	for n := range 10 {
		ask()
		reload(fmt.Sprint(n + 2))
	}
	if after := liveHeap(); after > before+before/2 {
		t.Errorf("after 10 reloads %d KiB of the heap are live, before it were %d", after>>10, before>>10)
	}
	if got := live(); got != "1" {
		t.Errorf("%s generations are live without a request, want 1", got)
	}

	slow := gatewaytest.Dial(t, g.Address)
	slow.Send("GET /r1/slow HTTP/1.1\r\nHost: a\r\n\r\n")
	gatewaytest.Eventually(t, "the slow request to be under way", func() bool { return g.Upstreams()[0].Backends[0].InFlight == 1 })
	reload("x")
	reload("y")
	gatewaytest.Eventually(t, "only the pinned generation beside the newest", func() bool { return live() == "2" })
	close(hold)
	if a := slow.Read("GET"); a.Text != "ok" {
		t.Errorf("the slow request got %d %s", a.StatusCode, a.Text)
	}
	gatewaytest.Eventually(t, "the pinned generation to end", func() bool { return live() == "1" })
}

// TestResourcesSurvive100Reloads replaces the configuration 100 times around what did not
// change: the connection to the backend and the retry budget are still the same, although
// other upstreams come and go.
func TestResourcesSurvive100Reloads(t *testing.T) {
	var fail atomic.Bool
	var failed atomic.Int32
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		for {
			if _, err := p.Request(); err != nil {
				return
			}
			text := gatewaytest.OK("ok")
			if fail.Load() {
				failed.Add(1)
				text = "HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nno"
			}
			if _, err := io.WriteString(p, text); err != nil {
				return
			}
		}
	})
	passing := gatewaytest.NewOrigin(t, gatewaytest.Always(gatewaytest.OK("passing")))
	config := func(n int) string {
		return fmt.Sprintf("listen: \"127.0.0.1:0\"\nadmin: off\nlog: { access: off }\nupstreams:\n"+
			"  stays: { backends: [%q], pool: { idle_timeout: 1m }, retry_budget: { ratio: 5%%, floor: 0/s } }\n"+
			"  passing%d: { backends: [%q], pool: { idle_timeout: 1m, max: %d } }\n"+
			"routes:\n  - { path: \"/*\", upstream: stays, retry: { times: 3, when: [503], backoff: 1ms..1ms } }\n"+
			"  - { path: \"/passing\", upstream: passing%d }\n", origin.URL, n%2, passing.URL, 100+n, n%2)
	}
	g := gatewaytest.Start(t, config(0))
	for n := range 100 {
		if a := gatewaytest.Get(t, g.Address, "/"); a.Text != "ok" {
			t.Fatalf("reload %d: got %d %s", n, a.StatusCode, a.Text)
		}
		if a := gatewaytest.Get(t, g.Address, "/passing"); a.Text != "passing" {
			t.Fatalf("reload %d: got %d %s", n, a.StatusCode, a.Text)
		}
		if err := g.Reload(gatewaytest.Parse(t, config(n+1))); err != nil {
			t.Fatal(err)
		}
	}
	if n := origin.Connections(); n != 1 {
		t.Errorf("the upstream that stayed was connected to %d times, want once", n)
	}
	gatewaytest.Eventually(t, "the connections of upstreams that went to be closed", func() bool { return passing.Open() == 0 })
	fail.Store(true)
	if a := gatewaytest.Get(t, g.Address, "/"); a.StatusCode != 503 || failed.Load() != 4 {
		t.Errorf("got %d after %d attempts; want 503 after 4: 100 requests allow five retries, if they were not forgotten", a.StatusCode, failed.Load())
	}
}

// A route that is taken over from the running generation still follows the other routes
// of the new one: the names that their policies reserve on its upstream.
func TestARouteThatIsTakenOverGetsNewReservedNames(t *testing.T) {
	heads := make(chan string, 1)
	origin := gatewaytest.NewOrigin(t, record(heads, gatewaytest.OK("ok")))
	parse := func(gate string) *config.Config {
		t.Helper()
		cfg, err := parseAdded("listen: \"127.0.0.1:0\"\nadmin: off\nlog: { access: off }\nupstreams: { up: \"" + origin.URL + "\" }\nroutes:\n" +
			"  - { path: \"/*\", upstream: up }\n  - { path: \"/b\", upstream: up" + gate + " }\n")
		if err != nil {
			t.Fatal(err)
		}
		return cfg
	}
	g := gatewaytest.StartWith(t, gateway.Options{Config: parse("")})
	const guarded = ", gate: { word: x, as: y, tell: X-Who }"
	for _, tc := range []struct {
		gate  string
		comes bool
	}{{"", true}, {guarded, false}, {guarded, false}, {"", true}} {
		if err := g.Reload(parse(tc.gate)); err != nil {
			t.Fatal(err)
		}
		gatewaytest.Get(t, g.Address, "/", "X-Who: somebody")
		if got := strings.Contains(<-heads, "X-Who: somebody"); got != tc.comes {
			t.Errorf("with %q on another route the field came: %v, want %v", tc.gate, got, tc.comes)
		}
	}
}
