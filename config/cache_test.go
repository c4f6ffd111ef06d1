package config

import (
	"net/netip"
	"testing"
	"time"

	"penstock/options"
)

func TestLongCache(t *testing.T) {
	c := fileConfig(t, "full.good.yaml")
	equal(t, "cache", c.Cache, Store{
		Memory: 96 * mib, MaxObject: 48 * mib, Path: "/var/lib/penstock", Wait: 2 * time.Second,
		PurgeFrom: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.1/32")},
	})
	equal(t, "cache of a route", routeOf(c, "/cached/*").Cache, &Cache{
		TTL: time.Minute,
		ByStatus: []StatusTTL{
			{From: 404, To: 404, TTL: 5 * time.Second}, {From: 500, To: 504, TTL: time.Second}, {From: 500, To: 599, Off: true},
		},
		Stale: 30 * time.Second, StaleUnreachable: time.Hour, StaleServerError: time.Hour,
		Query:   CacheQuery{Mode: QueryOnly, Names: []string{"page", "q", "Q"}},
		Headers: []string{"Accept-Language"}, Cookies: []string{"lang", "Lang"},
		Force: true, MaxVariants: 2, MaxObject: mib, Tags: "Surrogate-Key", Methods: []string{"GET", "HEAD"},
		ClientControl: true, StoreSetCookie: true, Targets: []string{"Penstock-Cache-Control", "CDN-Cache-Control"},
	})
	want := c.DefaultCache()
	want.Query = CacheQuery{Mode: QueryExcept, Names: []string{"utm_source"}}
	want.Targets = []string{}
	equal(t, "query keys left out, no targets", routeOf(c, "/cached/some").Cache, want)
}

func TestALifetimeThatIsRefusedIsNotStored(t *testing.T) {
	var c Cache
	value, wrong := (&byStatus{&c}).At("404")
	if got := value.(options.Scalar).Set("soon"); wrong != "" || got == "" {
		t.Errorf("got %q and %q, want that the lifetime alone is refused", wrong, got)
	}
	equal(t, "lifetimes", c.ByStatus, []StatusTTL(nil))
}

func TestShortCache(t *testing.T) {
	c := fileConfig(t, "short.good.yaml")
	equal(t, "cache: on", routeOf(c, "/cached").Cache, &Cache{
		StaleUnreachable: 10 * time.Minute, Heuristic: true, MaxVariants: 8, MaxObject: 8 * mib,
		Methods: []string{"GET", "HEAD", "POST"}, Targets: []string{"CDN-Cache-Control"},
	})
	minute := c.DefaultCache()
	minute.TTL = time.Minute
	equal(t, "cache: 60s", routeOf(c, "/minute").Cache, minute)
	equal(t, "cache: off", routeOf(c, "/uncached").Cache, (*Cache)(nil))
}

func TestStaleOnError(t *testing.T) {
	for text, want := range map[string][2]time.Duration{
		"on":  {10 * time.Minute, 0},
		"off": {0, 0},
		"5m":  {5 * time.Minute, 5 * time.Minute},
		"10m": {10 * time.Minute, 10 * time.Minute},
	} {
		c := mustParse(t, `routes: [{ path: "/*", upstream: "http://a:1", cache: { stale_on_error: `+text+` } }]`)
		got := c.Routes[0].Cache
		equal(t, text, [2]time.Duration{got.StaleUnreachable, got.StaleServerError}, want)
		again, _ := roundTrip(t, c)
		equal(t, text+" printed", again.Routes[0].Cache, got)
	}
}

func TestQueryOfTheKey(t *testing.T) {
	for text, want := range map[string]CacheQuery{
		"all":                {},
		"sorted":             {Mode: QuerySorted},
		"none":               {Mode: QueryNone},
		"[none]":             {Mode: QueryOnly, Names: []string{"none"}},
		"{ except: utm }":    {Mode: QueryExcept, Names: []string{"utm"}},
		"{ except: [b, a] }": {Mode: QueryExcept, Names: []string{"b", "a"}},
	} {
		c := mustParse(t, `routes: [{ path: "/*", upstream: "http://a:1", cache: { key: { query: `+text+` } } }]`)
		equal(t, text, c.Routes[0].Cache.Query, want)
		again, _ := roundTrip(t, c)
		equal(t, text+" printed", again.Routes[0].Cache.Query, want)
	}
}

func TestMaxObjectOfARouteFollowsTheStore(t *testing.T) {
	c := mustParse(t, `
cache: { max_object: 1MiB }
routes: [{ path: "/*", upstream: "http://a:1", cache: on }]`)
	equal(t, "max_object", c.Routes[0].Cache.MaxObject, int64(mib))
}

func TestCacheWarnings(t *testing.T) {
	c := mustParse(t, `
cache: { memory: 64MiB, purge_from: ["10.0.0.0/8", "::/0"] }
routes: [{ path: "/*", upstream: "http://a:1" }]`)
	equal(t, "warnings", c.Warnings, []string{
		"config.yaml:2:8: cache: no route uses it; a route says cache: on",
		"config.yaml:2:37: cache.purge_from: ::/0 lets everybody purge",
	})
}
