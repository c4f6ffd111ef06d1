package gateway_test

import (
	"strings"
	"testing"

	"penstock/gateway/gatewaytest"
)

// named starts an origin that responds with its name.
func named(t *testing.T, name string) *gatewaytest.Origin {
	return gatewaytest.NewOrigin(t, gatewaytest.Always(gatewaytest.OK(name)))
}

// shares sends n requests over one connection and counts the responses by their text.
func shares(t *testing.T, address, target string, n int, fields ...string) map[string]int {
	t.Helper()
	c := gatewaytest.Dial(t, address)
	counts := map[string]int{}
	for range n {
		c.Send("GET " + target + " HTTP/1.1\r\nHost: a.example\r\n" + strings.Join(append(fields, ""), "\r\n") + "\r\n")
		counts[c.Read("GET").Text]++
	}
	return counts
}

func TestSharesFollowTheWeightsOfEachRoute(t *testing.T) {
	a, b, c := named(t, "a"), named(t, "b"), named(t, "c")
	g := gatewaytest.Start(t, "upstreams:\n  up:\n    backends:\n"+
		"      - { url: \""+a.URL+"\", weight: 5 }\n      - { url: \""+b.URL+"\", weight: 3 }\n      - { url: \""+c.URL+"\" }\n"+
		"routes:\n  - { path: \"/*\", upstream: up }\n"+
		"  - { path: \"/own/*\", upstream: up, weights: { \""+a.Address+"\": 0, \""+b.Address+"\": 1, \""+c.Address+"\": 2 } }\n")
	for range 3 {
		if got := shares(t, g.Address, "/", 90); got["a"] != 50 || got["b"] != 30 || got["c"] != 10 {
			t.Errorf("of 90: %v, want 50, 30, 10", got)
		}
		if got := shares(t, g.Address, "/own/x", 90); got["a"] != 0 || got["b"] != 30 || got["c"] != 60 {
			t.Errorf("of 90 on the route with its own weights: %v, want 0, 30, 60", got)
		}
	}
}

func TestRouteOverTwoUpstreamsSplitsByWeight(t *testing.T) {
	stable, canary := named(t, "stable"), named(t, "canary")
	g := gatewaytest.Start(t, "upstreams: { stable: \""+stable.URL+"\", canary: \""+canary.URL+"\" }\n"+
		"routes: [{ path: \"/*\", upstream: { stable: 95, canary: 5 } }]\n")
	if got := shares(t, g.Address, "/", 200); got["stable"] != 190 || got["canary"] != 10 {
		t.Errorf("of 200: %v, want 190 and 10", got)
	}
}

func TestBackupsServeWhenTheRestIsDown(t *testing.T) {
	backup := named(t, "backup")
	g := gatewaytest.Start(t, "upstreams:\n  up:\n    eject: { failures: 1, base: 30s, max: 30s, at_most: 100% }\n    backends:\n"+
		"      - { url: \"http://"+gatewaytest.Dead(t)+"\" }\n      - { url: \""+backup.URL+"\", backup: true }\n"+
		"routes: [{ path: \"/*\", upstream: up, retry: { times: 1, backoff: 1ms..1ms } }]\n")
	if got := shares(t, g.Address, "/", 20); got["backup"] != 20 {
		t.Errorf("got %v", got)
	}
}

func TestHashingKeepsAClientOnItsBackend(t *testing.T) {
	a, b, c := named(t, "a"), named(t, "b"), named(t, "c")
	for how, field := range map[string]string{"header X-Tenant": "X-Tenant: ", "cookie sid": "Cookie: x=1; sid="} {
		g := gatewaytest.Start(t, "upstreams:\n  up:\n    balance: { hash: \""+how+"\" }\n"+
			"    backends: [{ url: \""+a.URL+"\" }, { url: \""+b.URL+"\" }, { url: \""+c.URL+"\" }]\n"+
			"routes: [{ path: \"/*\", upstream: up }]\n")
		used := map[string]bool{}
		for _, key := range []string{"k1", "k2", "k3", "k4", "k5", "k6", "k7", "k8"} {
			got := shares(t, g.Address, "/", 5, field+key)
			if len(got) != 1 {
				t.Errorf("%s, key %s was sent to %v", how, key, got)
			}
			for name := range got {
				used[name] = true
			}
		}
		if len(used) < 2 {
			t.Errorf("%s: all keys went to %v", how, used)
		}
	}
}

func TestDrainedBackendGetsNothing(t *testing.T) {
	a, b := named(t, "a"), named(t, "b")
	g := gatewaytest.Start(t, "upstreams: { up: [\""+a.URL+"\", \""+b.URL+"\"] }\nroutes: [{ path: \"/*\", upstream: up }]\n")
	drain := true
	if err := g.SetBackend("up", a.Address, nil, &drain); err != nil {
		t.Fatal(err)
	}
	if got := shares(t, g.Address, "/", 10); got["b"] != 10 {
		t.Errorf("drained: %v", got)
	}
	drain = false
	if err := g.SetBackend("up", a.Address, nil, &drain); err != nil {
		t.Fatal(err)
	}
	if got := shares(t, g.Address, "/", 10); got["a"] != 5 {
		t.Errorf("back again: %v", got)
	}
	if err := g.SetBackend("nowhere", a.Address, nil, &drain); err == nil {
		t.Errorf("an unknown upstream is accepted")
	}
}
