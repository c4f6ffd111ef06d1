package gateway

import (
	"context"
	"fmt"
	"sync"
	"time"

	"penstock/cache"
	"penstock/config"
	"penstock/exchange"
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
	if cfg.Cache.Path != "" {
		g.load(cfg.Cache.Path)
	}
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

// saves is what became of saving the store for the next start.
type saves struct {
	mu     sync.Mutex
	loaded string
	last   time.Time
	err    error
	stop   chan struct{} // nil when nothing is saved
	done   sync.WaitGroup
}

// describe adds to what operators see.
func (s *saves) describe(status *exchange.CacheStatus) {
	s.mu.Lock()
	defer s.mu.Unlock()
	status.Loaded, status.LastSave = s.loaded, s.last
	if s.err != nil {
		status.SaveError = s.err.Error()
	}
}

// load fills the store with what an earlier process saved. Damaged files are a
// warning and an empty start.
func (g *Gateway) load(path string) {
	result, err := g.store.Load(path)
	g.saves.loaded = result.String()
	switch result {
	case cache.Loaded:
		g.log.Info("the cache was loaded", "path", path, "bytes", g.store.Stats().UsedBytes)
	case cache.NothingSaved:
		g.log.Info("the cache starts empty: nothing was saved", "path", path)
	default:
		g.log.Warn("the cache starts empty: what was saved cannot be used", "path", path, "result", result.String(), "error", err)
	}
}

// startSaving saves the store from now on, every cache.save_every.
func (g *Gateway) startSaving(cfg *config.Config) {
	if g.store == nil || cfg.Cache.Path == "" || cfg.Cache.SaveEvery <= 0 {
		return
	}
	g.saves.stop = make(chan struct{})
	g.saves.done.Go(func() {
		tick := time.NewTicker(cfg.Cache.SaveEvery)
		defer tick.Stop()
		for {
			select {
			case <-g.saves.stop:
				return
			case <-tick.C:
				_ = g.saveCache(cfg.Cache.Path) // told there
			}
		}
	})
}

// saveCache saves the store once.
func (g *Gateway) saveCache(path string) error {
	began := g.now()
	err := g.store.Save(path)
	now := g.now()
	g.saves.mu.Lock()
	if g.saves.err = err; err == nil {
		g.saves.last = now
	}
	g.saves.mu.Unlock()
	if err != nil {
		g.log.Error("the cache could not be saved", "path", path, "error", err)
		return fmt.Errorf("save the cache: %w", err)
	}
	g.log.Info("the cache was saved", "path", path, "took", now.Sub(began))
	return nil
}

// endSaving saves the store for the last time.
func (g *Gateway) endSaving() error {
	if g.saves.stop != nil {
		close(g.saves.stop)
		g.saves.done.Wait()
	}
	if s := g.current.Load(); g.store != nil && s.config.Cache.Path != "" {
		return g.saveCache(s.config.Cache.Path)
	}
	return nil
}

// endFetches lets what goes on behind the clients' backs end until ctx is done, and
// then cuts it.
func (g *Gateway) endFetches(ctx context.Context) {
	ended := make(chan struct{})
	go func() {
		g.fetches.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
		g.backends.CloseAll()
		<-ended
	}
}
