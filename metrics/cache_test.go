package metrics

import (
	"testing"
	"time"

	"penstock/exchange"
	"penstock/ops"
)

// threeNames are enough to tell an index from its neighbours.
var threeNames = CacheNames{
	Forwards: []string{"none", "miss", "stale"},
	Refusals: []string{"stored", "private", "too-large"},
}

// lookup makes a finished exchange with the cache's part in it.
func lookup(c exchange.Cached, sent int64) *exchange.Exchange {
	x := journey(200, time.Millisecond)
	x.Cache, x.Sent = c, sent
	return x
}

func TestTheCachesPartIsCounted(t *testing.T) {
	r := New(Options{})
	route := r.Route("web")
	route.CountCache(threeNames)
	for _, x := range []*exchange.Exchange{
		lookup(exchange.Cached{Outcome: exchange.CacheHit}, 100),
		lookup(exchange.Cached{Outcome: exchange.CacheHit}, 10),
		lookup(exchange.Cached{Outcome: exchange.CacheMiss, Forward: 1, Judged: true}, 1000),
		lookup(exchange.Cached{Outcome: exchange.CacheMiss, Forward: 1, Judged: true, Refusal: 1}, 1000),
		lookup(exchange.Cached{Outcome: exchange.CacheRevalidated, Forward: 2}, 1),
		lookup(exchange.Cached{Outcome: exchange.CacheBypass, Forward: 9, Judged: true, Refusal: 200}, 1000),
		lookup(exchange.Cached{}, 1000), // as from a generation in which the route had no cache
	} {
		serve(route, x)
	}
	route.Filled(3 * time.Millisecond)
	route.Judged(2)
	s := read(t, r)
	s.want(`penstock_cache_requests_total{route="web",outcome="hit"}`, 2)
	s.want(`penstock_cache_requests_total{route="web",outcome="miss"}`, 2)
	s.want(`penstock_cache_requests_total{route="web",outcome="revalidated"}`, 1)
	s.want(`penstock_cache_requests_total{route="web",outcome="stale"}`, 0)
	s.want(`penstock_cache_requests_total{route="web",outcome="bypass"}`, 1)
	s.absent(`outcome="off"`)
	s.want(`penstock_cache_forwarded_total{route="web",reason="miss"}`, 2)
	s.want(`penstock_cache_forwarded_total{route="web",reason="stale"}`, 1)
	s.want(`penstock_cache_forwarded_total{route="web",reason="other"}`, 1)
	s.absent(`reason="none"`)
	s.want(`penstock_cache_stored_total{route="web",result="stored"}`, 1)
	s.want(`penstock_cache_stored_total{route="web",result="private"}`, 1)
	s.want(`penstock_cache_stored_total{route="web",result="too-large"}`, 1)
	s.want(`penstock_cache_stored_total{route="web",result="other"}`, 1)
	s.want(`penstock_cache_served_body_bytes_total{route="web"}`, 111)
	s.want(`penstock_cache_fill_duration_seconds_sum{route="web"}`, 0.003)

	counts, ok := route.CacheCounts()
	if !ok || counts.Requests["hit"] != 2 || counts.Stored["private"] != 1 || counts.Forwarded["stale"] != 1 || counts.ServedBytes != 111 {
		t.Errorf("got %+v, %t, want what was written", counts, ok)
	}
	if want := 0.5; counts.HitRatio != want {
		t.Errorf("hit ratio of 2 hits and 1 revalidation in 6: got %v, want %v", counts.HitRatio, want)
	}
}

func TestRoutesWithoutACacheHaveNoSeriesOfIt(t *testing.T) {
	r := New(Options{})
	r.SetCacheStatus(func() ops.CacheStatus { return ops.CacheStatus{} })
	route := r.Route("web")
	route.Filled(time.Second)
	route.Judged(1)
	serve(route, lookup(exchange.Cached{Outcome: exchange.CacheHit}, 1))
	read(t, r).absent("penstock_cache_")
	if counts, ok := route.CacheCounts(); ok {
		t.Errorf("got %+v, want none", counts)
	}
}

func TestCacheCountsSurviveAReload(t *testing.T) {
	r := New(Options{})
	for range 2 {
		route := r.Route("web")
		route.CountCache(threeNames)
		serve(route, lookup(exchange.Cached{Outcome: exchange.CacheStale}, 0))
		r.Retain([]string{"web"}, nil)
	}
	read(t, r).want(`penstock_cache_requests_total{route="web",outcome="stale"}`, 2)
	r.Retain(nil, nil)
	read(t, r).absent("penstock_cache_")
}

func TestFiguresOfTheStoreComeFromTheirCallback(t *testing.T) {
	r := New(Options{})
	r.SetCacheStatus(func() ops.CacheStatus {
		return ops.CacheStatus{
			ConfiguredBytes: 1, UsedBytes: 2, OverheadBytes: 3, Records: 4, Evictions: 5, Vanished: 6, Damaged: 7,
			Collisions: 8, Purges: 9, Flights: 10, Waiters: 11, LastSave: time.UnixMilli(12500),
		}
	})
	s := read(t, r)
	for i, name := range []string{
		"configured_bytes", "used_bytes", "overhead_bytes", "records", "evictions_total", "vanished_total", "damaged_total",
		"collisions_total", "purges_total", "fetches_in_flight", "requests_waiting",
	} {
		s.want("penstock_cache_"+name, float64(i+1))
	}
	s.want("penstock_cache_last_save_timestamp_seconds", 12.5)
}
