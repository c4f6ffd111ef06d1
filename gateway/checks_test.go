package gateway_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"penstock/gateway"
	"penstock/gateway/gatewaytest"
)

// checked responds to GET /healthz with 500 while sick is set, and to all else with name.
func checked(t *testing.T, name string, sick *atomic.Bool, requests *atomic.Int64) *gatewaytest.Origin {
	return gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		for head, err := p.Head(); err == nil; head, err = p.Head() {
			switch {
			case !strings.HasPrefix(head, "GET /healthz "):
				requests.Add(1)
				p.Say(gatewaytest.OK(name))
			case sick.Load():
				p.Say("HTTP/1.1 500 Sick\r\nContent-Length: 0\r\n\r\n")
			default:
				p.Say(gatewaytest.OK("fine"))
			}
		}
	})
}

// TestABackendWhoseChecksFailGetsNoRequest: 10,000 requests after its third failed check, none of
// which reaches it; then it works again.
func TestABackendWhoseChecksFailGetsNoRequest(t *testing.T) {
	var sick, never atomic.Bool
	var bad, good atomic.Int64
	a := checked(t, "a", &sick, &bad)
	b := checked(t, "b", &never, &good)
	g, log := startLogged(t, fmt.Sprintf("upstreams: { up: { backends: [%q, %q], eject: off, health: { every: 20ms, fast: 5ms, timeout: 5s } } }\nroutes: [{ path: \"/*\", upstream: up }]\n", a.URL, b.URL))
	if got := stateOf(g); got != "up" {
		t.Errorf("ready with a backend that is %s, want up: it was checked before", got)
	}
	if got := shares(t, g.Address, "/", 10); got["a"] != 5 {
		t.Errorf("got %v, want half of the requests at each", got)
	}
	sick.Store(true)
	gatewaytest.Eventually(t, "the failed checks", func() bool { return stateOf(g) == "down" })
	bad.Store(0)
	c := gatewaytest.Dial(t, g.Address)
	for range 10_000 {
		c.Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		if r := c.Read("GET"); r.StatusCode != 200 {
			t.Fatalf("got %d", r.StatusCode)
		}
	}
	if n := bad.Load(); n != 0 {
		t.Errorf("%d of 10000 requests reached the backend after its third failed check", n)
	}
	shown := g.Upstreams()[0].Backends[0]
	if shown.Reason.String() != "health-checks" || shown.LastCheck == nil || shown.LastCheck.Cause != "status 500" || shown.Checks == nil || shown.Checks.Failed < 3 {
		t.Errorf("the API shows %+v", shown)
	}
	labels := `{upstream="up",backend="` + a.Address + `"`
	for series, zero := range map[string]bool{
		"penstock_backend_health_checks_total" + labels + `,result="success"}`: false,
		"penstock_backend_health_checks_total" + labels + `,result="failure"}`: false,
		"penstock_backend_health_check_duration_seconds" + labels + "}":        false,
		"penstock_backend_state" + labels + `,state="down"}`:                   false,
		"penstock_backend_up" + labels + "}":                                   true,
	} {
		if n := g.Count(series); n == "" || (n == "0") != zero {
			t.Errorf("%s is %q", series, n)
		}
	}
	if !log.has("level=WARN", "backend down: its health checks fail", "state=down", "reason=health-checks", `evidence="3 checks in a row failed"`, `cause="status 500"`) {
		t.Errorf("the log does not tell of it:\n%s", &log.buf)
	}
	sick.Store(false)
	gatewaytest.Eventually(t, "the good checks", func() bool { return stateOf(g) == "up" })
	if got := shares(t, g.Address, "/", 10); got["a"] != 5 {
		t.Errorf("it is up again: got %v, want half of the requests at each", got)
	}
}

func TestTheFirstChecksComeBeforeTheListeners(t *testing.T) {
	var sick, never atomic.Bool
	var bad, good atomic.Int64
	sick.Store(true)
	a, b := checked(t, "a", &sick, &bad), checked(t, "b", &never, &good)
	g := gatewaytest.Start(t, fmt.Sprintf("upstreams: { up: { backends: [%q, %q], health: /healthz } }\nroutes: [{ path: \"/*\", upstream: up }]\n", a.URL, b.URL))
	for range 20 {
		gatewaytest.Get(t, g.Address, "/")
	}
	if bad.Load() != 0 || good.Load() != 20 {
		t.Errorf("%d requests went to the backend whose first check failed, %d to the other", bad.Load(), good.Load())
	}
	if err := g.CheckBackend(t.Context(), "up", a.Address); err != nil {
		t.Fatal(err)
	}
	if got := stateOf(g); got != "checking" {
		t.Errorf("after two failed checks it is %s, want checking", got)
	}
	sick.Store(false)
	if err := g.CheckBackend(t.Context(), "up", a.Address); err != nil {
		t.Fatal(err)
	}
	if got := stateOf(g); got != "up" {
		t.Errorf("after a good check it is %s, want up", got)
	}
}

// TestABreakerStopsTheRequests: the only backend fails; the breaker opens, and requests are refused
// at once until the first trial.
func TestABreakerStopsTheRequests(t *testing.T) {
	var mended atomic.Bool
	var attempts atomic.Int64
	o := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		for _, err := p.Head(); err == nil; _, err = p.Head() {
			attempts.Add(1)
			if mended.Load() {
				p.Say(gatewaytest.OK("mended"))
			} else {
				p.Say("HTTP/1.1 503 Broken\r\nContent-Length: 0\r\n\r\n")
			}
		}
	})
	var later atomic.Int64 // by how much the clock is ahead
	log := new(logRecord)
	g := gatewaytest.StartWith(t, gateway.Options{
		Log:    slog.New(slog.NewTextHandler(log, nil)),
		Now:    func() time.Time { return time.Now().Add(time.Duration(later.Load())) },
		Config: gatewaytest.Parse(t, fmt.Sprintf("upstreams: { up: { backends: [%q], breaker: {} } }\nroutes: [{ path: \"/*\", upstream: up, retry: off }]\n", o.URL)),
	})
	refused, last := 0, http.Header{}
	for range 2000 {
		r := gatewaytest.Get(t, g.Address, "/")
		if strings.Contains(http.Header(r.Header).Get("Proxy-Status"), "breaker-open") {
			refused++
			last = http.Header(r.Header)
		}
	}
	if n := attempts.Load(); n != 20 || refused != 1980 {
		t.Errorf("got %d attempts and %d refusals of 2000 requests, want 20 and 1980", n, refused)
	}
	if after, err := strconv.Atoi(last.Get("Retry-After")); err != nil || after < 9 || after > 11 {
		t.Errorf("Retry-After is %q, want the time to the first trial, about 10 s", last.Get("Retry-After"))
	}
	if !log.has("level=WARN", "breaker of the backend opened", "state=open", "reason=failures", `evidence="20 of 20 failed"`) {
		t.Errorf("the log does not tell of it:\n%s", &log.buf)
	}
	b := g.Upstreams()[0].Backends[0]
	if b.State.String() != "open" || b.Opened == nil || *b.Opened != 1 || g.Upstreams()[0].Panic {
		t.Errorf("the API shows %+v", b)
	}
	if n := g.Count(`penstock_backend_breaker_opened_total{upstream="up",backend="` + o.Address + `"}`); n != "1" {
		t.Errorf("penstock_backend_breaker_opened_total is %q", n)
	}
	mended.Store(true)
	later.Store(int64(11 * time.Second))
	if got := stateOf(g); got != "half-open" {
		t.Errorf("got %s, want half-open", got)
	}
	for i := range 3 {
		if r := gatewaytest.Get(t, g.Address, "/"); r.StatusCode != 200 {
			t.Errorf("trial %d: got %d", i, r.StatusCode)
		}
	}
	if got := stateOf(g); got != "up" {
		t.Errorf("after three good trials: got %s, want up", got)
	}
}

// TestAnOpenBreakerServesStale: a stored response goes before the refusal.
func TestAnOpenBreakerServesStale(t *testing.T) {
	var broken atomic.Bool
	o := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		for _, err := p.Head(); err == nil; _, err = p.Head() {
			if broken.Load() {
				p.Say("HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n")
			} else {
				p.Say("HTTP/1.1 200 OK\r\nCache-Control: max-age=0, stale-if-error=600\r\nContent-Length: 6\r\n\r\nstored")
			}
		}
	})
	g := gatewaytest.Start(t, fmt.Sprintf("upstreams: { up: { backends: [%q], breaker: { min: 5 } } }\nroutes: [{ path: \"/a\", upstream: up, cache: { stale_on_error: 10m } }, { path: \"/b\", upstream: up }]\n", o.URL))
	gatewaytest.Get(t, g.Address, "/a")
	broken.Store(true)
	for range 10 {
		gatewaytest.Get(t, g.Address, "/b")
	}
	if got := stateOf(g); got != "open" {
		t.Fatalf("got %s, want open", got)
	}
	if r := gatewaytest.Get(t, g.Address, "/a"); r.StatusCode != 200 || r.Text != "stored" {
		t.Errorf("got %d %q, want the stored response", r.StatusCode, r.Text)
	}
}
