package gateway_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"penstock/gateway/gatewaytest"
)

// three is a configuration of one route over three backends, with these keys of its upstream
// and these of its route.
func three(bad, one, two *gatewaytest.Origin, upstream, route string) string {
	return fmt.Sprintf("upstreams: { up: { backends: [%q, %q, %q], %s } }\nroutes: [{ path: \"/*\", upstream: up, %s }]\n",
		bad.URL, one.URL, two.URL, upstream, route)
}

// switched responds as one script while off is false, and as the other from then on.
func switched(mended *atomic.Bool, before, after func(p *gatewaytest.Peer)) func(p *gatewaytest.Peer) {
	return func(p *gatewaytest.Peer) {
		if mended.Load() {
			after(p)
		} else {
			before(p)
		}
	}
}

// stateOf returns the state of the first backend.
func stateOf(g *gatewaytest.Gateway) string { return g.Upstreams()[0].Backends[0].State.String() }

// A backend that responds with 500 to everything is ejected: from then on no request fails.
// When it works again, one good trial brings it back.
func TestABackendThatAnswers500IsEjected(t *testing.T) {
	var mended atomic.Bool
	broken := "HTTP/1.1 500 Broken\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbad"
	bad := gatewaytest.NewOrigin(t, switched(&mended, gatewaytest.Always(broken), gatewaytest.Always(gatewaytest.OK("mended"))))
	g, log := startLogged(t, three(bad, named(t, "a"), named(t, "b"), "eject: { base: 20ms, max: 20ms }", "retry: off"))
	gatewaytest.Eventually(t, "the ejection", func() bool {
		shares(t, g.Address, "/", 3)
		return stateOf(g) == "ejected"
	})
	b := g.Upstreams()[0].Backends[0]
	if b.Reason.String() != "errors" || !strings.Contains(b.Evidence, " failed, others 0 of ") && b.Evidence != "the request on trial failed" {
		t.Errorf("got reason %s, evidence %q, want errors and the figures", b.Reason, b.Evidence)
	}
	if !log.has("level=WARN", "backend ejected", "reason=errors", "failed, others 0 of ", "status=500") {
		t.Errorf("the log does not tell of it:\n%s", &log.buf)
	}
	labels := `{upstream="up",backend="` + bad.Address + `",`
	if n := g.Count("penstock_backend_ejections_total" + labels + `reason="errors"}`); n == "0" || n == "" {
		t.Errorf("penstock_backend_ejections_total has %q for errors, want some", n)
	}
	if n := g.Count("penstock_backend_ejections_total" + labels + `reason="silent"}`); n != "0" {
		t.Errorf("penstock_backend_ejections_total has %q for silent, want 0", n)
	}
	// While it is out only trials reach it, one each 20 ms at most.
	failed, before := 0, g.Upstreams()[0].Backends[0].Ejections
	for range 300 {
		if gatewaytest.Get(t, g.Address, "/").StatusCode == 500 {
			failed++
		}
	}
	if trials := g.Upstreams()[0].Backends[0].Ejections - before; failed != int(trials) {
		t.Errorf("%d of 300 requests failed while it was out, and there were %d trials; want the same", failed, trials)
	}
	mended.Store(true)
	gatewaytest.Eventually(t, "the return", func() bool {
		shares(t, g.Address, "/", 3)
		return stateOf(g) == "up"
	})
	if got := shares(t, g.Address, "/", 30); got["mended"] != 10 {
		t.Errorf("after its return it got %v of 30, want a third", got)
	}
}

// requestsUntil sends requests beside one another until holds, and counts the responses by
// status and reason.
func requestsUntil(t *testing.T, address string, holds func() bool) map[string]int {
	t.Helper()
	var wg sync.WaitGroup
	var mu sync.Mutex
	got := map[string]int{}
	gatewaytest.Eventually(t, "the ejection", func() bool {
		for range 3 {
			wg.Go(func() {
				a := gatewaytest.Get(t, address, "/")
				what := fmt.Sprint(a.StatusCode)
				if strings.Contains(http.Header(a.Header).Get("Proxy-Status"), "backend-silent") {
					what += " backend-silent"
				}
				mu.Lock()
				got[what]++
				mu.Unlock()
			})
		}
		return holds()
	})
	wg.Wait() // all that wait are ended with the ejection
	return got
}

// A backend that takes requests and never responds is ejected, and the requests that wait
// there are ended: long before first_byte, and with retries none of them fails.
func TestABackendThatHangsIsEjected(t *testing.T) {
	for _, tc := range []struct{ name, route string }{{"no retries", "retry: off"}, {"when: [timeout]", "retry: { when: [timeout], backoff: 1ms..2ms }"}} {
		t.Run(tc.name, func(t *testing.T) {
			bad := gatewaytest.NewOrigin(t, silent)
			g, log := startLogged(t, "timeouts: { first_byte: 1h, request: 1h }\n"+three(bad, named(t, "a"), named(t, "b"),
				"retry_budget: off, eject: { silent: 100ms, base: 1h, max: 1h }", tc.route))
			got := requestsUntil(t, g.Address, func() bool { return stateOf(g) == "ejected" })
			want := map[string]bool{"200": true, "504 backend-silent": tc.route == "retry: off"}
			for what, n := range got {
				if !want[what] {
					t.Errorf("%d requests got %s", n, what)
				}
			}
			if tc.route == "retry: off" && got["504 backend-silent"] < 3 {
				t.Errorf("got %v, want at least three that waited", got)
			}
			if !log.has("level=WARN", "backend ejected", "reason=silent", "none has had a response for") {
				t.Errorf("the log does not tell of it:\n%s", &log.buf)
			}
		})
	}
}
