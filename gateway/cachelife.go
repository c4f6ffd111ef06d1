package gateway

import (
	"fmt"

	"penstock/cache"
	"penstock/config"
)

// defaultCacheMemory is the size of a store for which nobody named one.
const defaultCacheMemory = 256 << 20

// openStore makes the store when the first route caches. It stays for the life of
// the process: a route that stops caching may start again.
func (g *Gateway) openStore(cfg *config.Config) error {
	if g.store != nil || !caches(cfg) {
		return nil
	}
	o := cache.Options{Bytes: cfg.Cache.Memory, MaxObject: cfg.Cache.MaxObject, Admission: cfg.Cache.Admission, Now: g.clock}
	if o.Bytes == 0 {
		o.Bytes = g.cacheMemory
	}
	if o.Bytes == 0 {
		o.Bytes = defaultCacheMemory
	}
	store, err := cache.New(o)
	if err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	g.store = store
	g.flights = cache.NewFlights(cache.FlightOptions{Waiters: cfg.Limits.Requests})
	return nil
}

// caches reports whether any route does.
func caches(cfg *config.Config) bool {
	for _, r := range cfg.Routes {
		if r.Cache != nil {
			return true
		}
	}
	return false
}
