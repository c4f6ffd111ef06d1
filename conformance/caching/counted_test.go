package caching_test

import (
	"testing"

	"penstock/gateway/gatewaytest"
)

// TestEverythingIsCounted shows that the route has series for what happens to a request, and
// for why a response is not stored.
func TestEverythingIsCounted(t *testing.T) {
	h := newHeld(t)
	g := h.gateway("on")
	ask := func(target, text string, fields ...string) {
		t.Helper()
		c := get(t, g, target)
		h.respond(h.next(), text, fields...)
		same(t, []*gatewaytest.Client{c}, 200, text)
	}
	ask("/a", "12345", "Cache-Control: max-age=60", `ETag: "a"`)
	same(t, crowd(t, g, 1, "/a"), 200, "12345")
	same(t, crowd(t, g, 1, "/a"), 200, "12345")
	ask("/b", "x", "Cache-Control: no-store")
	ask("/c", "x", "Cache-Control: max-age=60", "Set-Cookie: a=b")
	ask("/d", "x")
	h.clock.Advance(61e9)
	c := get(t, g, "/a")
	q := h.next()
	h.send(q, "HTTP/1.1 304 Not Modified\r\nDate: "+h.date()+"\r\nCache-Control: max-age=60\r\nETag: \"a\"\r\n\r\n")
	q.done <- true
	same(t, []*gatewaytest.Client{c}, 200, "12345")
	h.clock.Advance(61e9)
	c = get(t, g, "/a")
	h.next().done <- false // a connection that has served before is replaced once
	h.next().done <- false
	same(t, []*gatewaytest.Client{c}, 200, "12345")
	for series, want := range map[string]string{
		`penstock_cache_requests_total{route="/*",outcome="hit"}`:         "2",
		`penstock_cache_requests_total{route="/*",outcome="miss"}`:        "4",
		`penstock_cache_requests_total{route="/*",outcome="revalidated"}`: "1",
		`penstock_cache_requests_total{route="/*",outcome="stale"}`:       "1",
		`penstock_cache_forwarded_total{route="/*",reason="uri-miss"}`:    "4",
		`penstock_cache_forwarded_total{route="/*",reason="stale"}`:       "2",
		`penstock_cache_stored_total{route="/*",result="stored"}`:         "2",
		`penstock_cache_stored_total{route="/*",result="no-store"}`:       "1",
		`penstock_cache_stored_total{route="/*",result="set-cookie"}`:     "1",
		`penstock_cache_stored_total{route="/*",result="no-freshness"}`:   "1",
		`penstock_cache_served_body_bytes_total{route="/*"}`:              "20",
		`penstock_cache_fill_duration_seconds_count{route="/*"}`:          "1",
		`penstock_cache_fetches_in_flight`:                                "0",
		`penstock_cache_requests_waiting`:                                 "0",
	} {
		gatewaytest.Eventually(t, series+" "+want+", got "+g.Count(series), func() bool { return g.Count(series) == want })
	}
}
