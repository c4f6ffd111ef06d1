package gateway_test

import (
	"errors"
	"strings"
	"testing"

	"penstock/gateway/gatewaytest"
	"penstock/ops"
)

// Only clients in cache.purge_from may use PURGE, and no backend ever gets the method.
func TestPurgeFromStrangersGoesNowhere(t *testing.T) {
	for name, tc := range map[string]struct{ top, cache string }{
		"no cache and no list": {"", "off"},
		"no list":              {"", "on"},
		"another address":      {"cache: { purge_from: [192.0.2.1] }\n", "on"},
	} {
		t.Run(name, func(t *testing.T) {
			heads := make(chan string, 10)
			origin := gatewaytest.NewOrigin(t, record(heads, "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 2\r\n\r\nok"))
			g := gatewaytest.Start(t, tc.top+oneRoute(origin.URL, "    cache: "+tc.cache))
			if a := gatewaytest.Get(t, g.Address, "/a"); a.StatusCode != 200 {
				t.Fatal(a.StatusCode)
			}
			<-heads
			c := gatewaytest.Dial(t, g.Address)
			for _, method := range []string{"PURGE", "purge", "Purge"} {
				c.Send(method + " /a HTTP/1.1\r\nHost: a.example\r\n\r\n")
				if a := c.Read(method); a.StatusCode != 403 || !strings.Contains(a.Text, "purge-refused") {
					t.Errorf("%s: got %d %s, want 403 purge-refused", method, a.StatusCode, a.Text)
				}
			}
			if n := len(heads); n != 0 {
				t.Errorf("the backend saw %d of them, first\n%s", n, <-heads)
			}
			if tc.cache == "on" && gatewaytest.Get(t, g.Address, "/a").Header.Get("Age") == "" {
				t.Error("what was stored is gone")
			}
		})
	}
}

// The store stays when no route caches any more. How a URL was keyed is not known then.
func TestPurgesAndLookupsAfterTheLastRouteStoppedCaching(t *testing.T) {
	origin := gatewaytest.NewOrigin(t, gatewaytest.Always("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 2\r\n\r\nok"))
	g := gatewaytest.Start(t, oneRoute(origin.URL, "    cache: on"))
	reload := func(cache string) {
		t.Helper()
		if err := g.Reload(gatewaytest.Parse(t, oneRoute(origin.URL, "    cache: "+cache))); err != nil {
			t.Fatal(err)
		}
	}
	gatewaytest.Get(t, g.Address, "/a")
	url := ops.CacheURL{Scheme: "http", Host: g.Address, Target: "/a"}
	reload("off")
	if err := g.CachePurge(ops.CachePurge{URL: url}); !errors.Is(err, ops.ErrNoCache) {
		t.Errorf("purge of a URL: got %v, want ErrNoCache", err)
	}
	if _, err := g.CacheLookup(ops.CacheQuestion{Method: "GET", URL: url}); !errors.Is(err, ops.ErrNoCache) {
		t.Errorf("lookup: got %v, want ErrNoCache", err)
	}
	reload("on")
	if gatewaytest.Get(t, g.Address, "/a").Header.Get("Age") == "" {
		t.Fatal("what was stored is gone")
	}
	reload("off")
	if err := g.CachePurge(ops.CachePurge{Scope: ops.CacheScopeAll}); err != nil {
		t.Errorf("purge of all: %v", err)
	}
	reload("on")
	if age := gatewaytest.Get(t, g.Address, "/a").Header.Get("Age"); age != "" {
		t.Errorf("after a purge of all the stored response is served, with Age: %s", age)
	}
}
