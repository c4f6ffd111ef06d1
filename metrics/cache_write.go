package metrics

import (
	"penstock/exchange"
	"penstock/ops"
)

// SetCacheStatus sets the callback that returns the figures of the response cache. They are
// written while ConfiguredBytes is above zero; Routes is not read. f is called at each
// WritePrometheus, possibly by several goroutines at once, and must not be nil.
func (r *Registry) SetCacheStatus(f func() ops.CacheStatus) { r.sources.cache.Store(&f) }

// caches writes the series of the routes that have a cache.
func (p *page) caches(routes []routeView) {
	var cached []routeView
	for _, r := range routes {
		if r.cached != nil {
			cached = append(cached, r)
		}
	}
	if len(cached) == 0 {
		return
	}
	p.open(cacheRequests)
	for _, r := range cached {
		for o := exchange.CacheOff + 1; int(o) < outcomes; o++ {
			p.count(cacheRequests, r.cached.outcome(o), "route", r.name, "outcome", o.String())
		}
	}
	p.open(cacheForwarded)
	for _, r := range cached {
		r.cached.forwards(func(name string, n uint64) { p.count(cacheForwarded, n, "route", r.name, "reason", name) })
	}
	p.open(cacheStored)
	for _, r := range cached {
		r.cached.judged(func(name string, n uint64) { p.count(cacheStored, n, "route", r.name, "result", name) })
	}
	p.open(cacheServed)
	for _, r := range cached {
		p.count(cacheServed, r.cached.at(r.cached.served), "route", r.name)
	}
}

// store writes the figures of the store.
func (p *page) store(r *Registry) {
	f := r.sources.cache.Load()
	if f == nil {
		return
	}
	s := (*f)()
	if s.ConfiguredBytes == 0 {
		return
	}
	saved := 0.0
	if !s.LastSave.IsZero() {
		saved = float64(s.LastSave.UnixMilli()) / 1e3
	}
	for _, of := range []struct {
		family family
		value  float64
	}{
		{cacheConfigured, float64(s.ConfiguredBytes)},
		{cacheUsed, float64(s.UsedBytes)},
		{cacheOverhead, float64(s.OverheadBytes)},
		{cacheRecords, float64(s.Records)},
		{cacheEvictions, float64(s.Evictions)},
		{cacheVanished, float64(s.Vanished)},
		{cacheDamaged, float64(s.Damaged)},
		{cacheCollisions, float64(s.Collisions)},
		{cachePurges, float64(s.Purges)},
		{cacheFlights, float64(s.Flights)},
		{cacheWaiters, float64(s.Waiters)},
		{cacheSaved, saved},
	} {
		p.open(of.family)
		p.level(of.family, of.value)
	}
}
