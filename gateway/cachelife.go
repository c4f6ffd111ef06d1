package gateway

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"penstock/cache"
	"penstock/config"
	"penstock/ops"
)

// defaultCacheMemory is the size of a store for which nobody named one.
const defaultCacheMemory = 256 << 20

// openStore makes the store when the first route caches. It stays for the life of
// the process: a route that stops caching may start again.
func (g *Gateway) openStore(cfg *config.Config) error {
	if g.proxy.store != nil || !caches(cfg) {
		return nil
	}
	o := cache.Options{Bytes: cfg.Cache.Memory, MaxObject: cfg.Cache.MaxObject, Admission: cfg.Cache.Admission, Now: g.proxy.clock}
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
	g.proxy.store = store
	g.proxy.flights = cache.NewFlights(cache.FlightOptions{Waiters: cfg.Limits.Requests})
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
	stop   context.CancelFunc // ends the periodic saves; nil when there are none
	done   sync.WaitGroup     // of the goroutine that they run on
}

// describe adds to what operators see.
func (s *saves) describe(status *ops.CacheStatus) {
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
	result, err := g.proxy.store.Load(path)
	g.saves.loaded = result.String()
	switch result {
	case cache.Loaded:
		g.log.Info("the cache was loaded", "path", path, "bytes", g.proxy.store.Stats().UsedBytes)
	case cache.NothingSaved:
		g.log.Info("the cache starts empty: nothing was saved", "path", path)
	default:
		g.log.Warn("the cache starts empty: what was saved cannot be used", "path", path, "result", result.String(), "error", err)
	}
}

// startSaving saves the store from now on, every cache.save_every. A save that fails
// is in the log and in the state; the next one tries again.
func (g *Gateway) startSaving(cfg *config.Config) {
	if g.proxy.store == nil || cfg.Cache.Path == "" || cfg.Cache.SaveEvery <= 0 {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	g.saves.stop = cancel
	g.saves.done.Go(func() {
		tick := time.NewTicker(cfg.Cache.SaveEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				_ = g.saveCache(ctx, cfg.Cache.Path) // it is in the log
			}
		}
	})
}

// saveCache saves the store once.
func (g *Gateway) saveCache(ctx context.Context, path string) error {
	began := g.now()
	err := g.proxy.store.Save(ctx, path)
	if errors.Is(err, context.Canceled) {
		return err // by the last save, which replaces it
	}
	now := g.now()
	g.saves.mu.Lock()
	if g.saves.err = err; err == nil {
		g.saves.last = now
	}
	g.saves.mu.Unlock()
	if err != nil {
		g.log.Error("the cache could not be saved; what was saved before stays", "path", path, "error", err)
		return fmt.Errorf("save the cache: %w", err)
	}
	g.log.Info("the cache was saved", "path", path, "took", now.Sub(began))
	return nil
}

// lastSave is the save at the end of the process. It has a goroutine of its own,
// so that a disk on which nothing moves does not keep the process.
type lastSave struct {
	begin  context.CancelFunc
	cancel context.CancelFunc
	ended  chan error // nil when nothing is saved
}

// prepareLastSave lets the store be saved when begin is called, or when half of the
// time until ctx ends is over: connections that last until then leave it the rest.
func (g *Gateway) prepareLastSave(ctx context.Context) lastSave {
	if g.saves.stop != nil {
		g.saves.stop()
	}
	path := g.proxy.current.Load().config.Cache.Path
	if g.proxy.store == nil || path == "" {
		return lastSave{begin: func() {}}
	}
	half, begin := context.WithCancel(context.Background())
	if deadline, ok := ctx.Deadline(); ok {
		half, begin = context.WithTimeout(context.Background(), time.Until(deadline)/2)
	}
	saving, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s := lastSave{begin: begin, cancel: cancel, ended: make(chan error, 1)}
	go func() {
		<-half.Done()
		g.saves.done.Wait()
		s.ended <- g.saveCache(saving, path)
	}()
	return s
}

// wait returns what became of the save. When both contexts are done it gives the
// save up.
func (s *lastSave) wait(ctx, rest context.Context) error {
	if s.ended == nil {
		return nil
	}
	defer s.cancel()
	for _, c := range []context.Context{ctx, rest} {
		select {
		case err := <-s.ended:
			return err
		case <-c.Done():
		}
	}
	return fmt.Errorf("the last save of the cache was given up; what was saved before stays: %w", rest.Err())
}

// endFetches lets what goes on behind the clients' backs end until ctx is done, and
// then cuts it.
func (g *Gateway) endFetches(ctx context.Context) {
	ended := make(chan struct{})
	go func() {
		g.proxy.fetches.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
		g.backends.CloseAll()
		<-ended
	}
}
