package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"penstock/accesslog"
	"penstock/config"
	"penstock/conn"
	"penstock/discovery"
	"penstock/downstream/h1"
	"penstock/httpcache"
	"penstock/listener"
	"penstock/metrics"
	"penstock/ops"
)

// Options are what a Gateway is made from.
type Options struct {
	Config    *config.Config     // the first generation; must not be nil or written to afterwards
	Log       *slog.Logger       // nil discards
	Metrics   *metrics.Registry  // must not be nil; it shows one Gateway, the last one made with it
	Access    *accesslog.Log     // nil writes none; the caller starts it and shuts it down
	FileLimit uint64             // soft limit of open files; zero means unknown
	Resolver  discovery.Resolver // nil means the system's
	Now       func() time.Time   // nil means time.Now
	Clock     func() time.Time   // the wall clock by which cached responses age; nil means time.Now

	// Shared is a tier of the response cache that other instances use too; nil for none.
	Shared *httpcache.Shared

	// CacheMemory is the size of the response cache in bytes when the configuration
	// names none; zero means 256 MiB.
	CacheMemory int64

	// HeapLimit is what the Go heap may take, in bytes: limits that are derived from memory
	// follow it. Zero means that it is not known.
	HeapLimit int64
}

// Gateway serves the public listeners. Only New makes one; Start runs it and is called once, Reload
// changes it while it runs, Shutdown ends it for good.
type Gateway struct {
	proxy    *proxy // serves requests
	log      *slog.Logger
	now      func() time.Time
	metrics  *metrics.Registry
	resolver discovery.Resolver
	draining atomic.Bool
	ready    atomic.Bool

	cacheMemory int64
	shared      *httpcache.Shared // nil for none
	cache       *httpcache.Engine // nil until a route caches; stays when no route does any more
	saver       *httpcache.Saver  // nil when the store is not saved

	http1     *h1.Server
	clients   *conn.Sweeper // every connection that was accepted
	backends  *conn.Sweeper // every connection that was dialled
	limit     *listener.Limit
	rate      *listener.Rate
	fileLimit uint64
	heapLimit int64
	lowered   lowered // limits that were warned about
	listeners []*listener.Listener
	serving   sync.WaitGroup
	stop      sync.Once // closes proxy.stopping
	fatal     chan error

	reload      sync.Mutex // one change of the snapshot at a time; requests never take it
	generations generations
}

// New compiles the first generation, for which it reads files such as certificates, and loads a
// saved cache, which never fails. It opens no socket. It returns nil and an error when Config or
// Metrics is nil or the configuration cannot be compiled.
func New(o Options) (*Gateway, error) {
	if o.Config == nil || o.Metrics == nil {
		return nil, errors.New("gateway: config and metrics are needed")
	}
	p := newProxy(fmt.Sprintf("penstock-%08x", rand.Uint32()), &o)
	g := &Gateway{
		proxy: p, log: p.log, now: p.now, metrics: o.Metrics, resolver: o.Resolver,
		clients:     conn.NewSweeper(sweepEvery),
		backends:    conn.NewSweeper(sweepEvery),
		fileLimit:   o.FileLimit,
		heapLimit:   o.HeapLimit,
		fatal:       make(chan error, 1),
		cacheMemory: o.CacheMemory, shared: o.Shared,
	}
	g.generations.log = g.log
	g.http1 = h1.New(h1.Options{
		Handler: p, Limits: g.clientLimits, Draining: g.draining.Load, Now: g.now, Log: g.log,
		HeaderBytes: o.Config.Limits.HeaderBytes,
	})
	g.limit = listener.NewLimit(g.grantConnections(o.Config))
	g.rate = listener.NewRate(o.Config.Limits.AcceptRate)
	first, err := g.assemble(o.Config, nil)
	if err != nil {
		return nil, err
	}
	g.publish(first)
	g.metrics.SetProcess(g.process)
	g.metrics.SetUpstreams(g.Upstreams)
	g.metrics.SetRateLimits(func() []ops.Route { return limitedRoutes(p.current.Load()) })
	g.metrics.SetCacheStatus(g.CacheStatus)
	return g, nil
}

// Start begins to look for backends and to check them, opens the listeners and returns once they
// accept, after the first health checks. ctx bounds only the start. The error names the upstream that did not
// start or the address that could not be opened; a host name that is not found is no
// error. After an error no listener is open, but lookups and probes go on, so Shutdown must
// be called then too.
func (g *Gateway) Start(ctx context.Context) error {
	g.clients.Start()
	g.backends.Start()
	snap := g.proxy.current.Load()
	if err := snap.start(ctx); err != nil {
		return err
	}
	for _, address := range snap.config.Listen {
		ln, err := listener.Listen(address)
		if err != nil {
			return errors.Join(fmt.Errorf("listen %s: %w", address, err), g.closeListeners())
		}
		g.listeners = append(g.listeners, listener.New(listener.Options{
			Listener: ln, Sweeper: g.clients, Max: g.limit, Rate: g.rate, Log: g.log, Welcome: g.proxy.welcome,
		}))
	}
	for _, ln := range g.listeners {
		g.serving.Go(func() { g.accept(ln) })
	}
	g.serving.Go(func() { g.proxy.rooms.run(g.proxy.stopping, g.now) })
	g.saver.Start(snap.config.Cache.SaveEvery)
	g.ready.Store(true)
	return nil
}

// accept serves one listener until it is closed.
func (g *Gateway) accept(ln net.Listener) {
	err := g.http1.Serve(ln)
	if err != nil && !g.draining.Load() {
		select {
		case g.fatal <- fmt.Errorf("listener %s: %w", ln.Addr(), err):
		default: // an earlier error is already in the channel
		}
	}
}

// clientLimits is what the running configuration sets for client connections.
func (g *Gateway) clientLimits() h1.Limits {
	return g.proxy.current.Load().limits.client
}

// sweepEvery is how often the deadlines of connections are looked at.
const sweepEvery = 100 * time.Millisecond

// Reload replaces the configuration, whole or not at all: on any error the running generation
// stays as it is. Errors are a cfg that cannot be compiled or started, one that changes keys which
// need a restart (config.Errors), and a Shutdown that has begun. cfg must not be nil or written to
// afterwards. It waits up to 5 s for the first lookup of names without a known address; a lookup
// that takes longer is an error, a name that is not found is none. Requests under way end on the
// generation that they began with. It may be called from any goroutine.
func (g *Gateway) Reload(cfg *config.Config) error {
	g.reload.Lock()
	defer g.reload.Unlock()
	prev := g.proxy.current.Load()
	err := g.replace(prev, cfg)
	g.metrics.Reloaded(err == nil)
	g.forget(g.proxy.current.Load())
	if err != nil {
		return fmt.Errorf("reload keeps generation %d: %w", prev.generation, err)
	}
	return nil
}

func (g *Gateway) replace(prev *Snapshot, cfg *config.Config) error {
	if g.draining.Load() {
		return errors.New("the gateway is shutting down")
	}
	if refused := config.RestartOnly(prev.config, cfg); len(refused) > 0 {
		return refused
	}
	next, err := g.assemble(cfg, prev)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	if err := next.start(ctx); err != nil {
		next.abandon()
		return err
	}
	g.limit.Set(g.grantConnections(cfg))
	g.rate.Set(cfg.Limits.AcceptRate)
	g.publish(next)
	if g.ready.Load() {
		g.saver.Start(cfg.Cache.SaveEvery) // the first route that caches may be new
	}
	prev.retire() // only after the new one is visible
	return nil
}

// startTime bounds how long a reload waits for the first result of name lookups.
const startTime = 5 * time.Second

// publish makes s the generation that new requests live on.
func (g *Gateway) publish(s *Snapshot) {
	if prev := g.proxy.current.Load(); prev != nil {
		s.generation = prev.generation + 1
	} else {
		s.generation = 1
	}
	g.generations.begin(s)
	g.proxy.bodies.limit.Store(s.limits.buffered)
	g.proxy.slow.SetMax(int(max(1, s.limits.requests/2)))
	g.proxy.current.Store(s)
}

// forget drops the metrics of names that the configuration does not have, or that
// a refused one would have had.
func (g *Gateway) forget(s *Snapshot) {
	routes, upstreams := []string{""}, []string(nil)
	for _, r := range s.routes {
		routes = append(routes, r.name)
	}
	for _, u := range s.upstreams {
		upstreams = append(upstreams, u.name)
	}
	g.metrics.Retain(routes, upstreams)
}

// Fatal returns a channel that gets the first error that has ended a listener before Shutdown,
// once; it is never closed. The process should end then too.
func (g *Gateway) Fatal() <-chan error { return g.fatal }

// Addrs returns the addresses that Start opened, in the order configured; empty before Start. Port 0
// is replaced by the real port. It must not be called while Start runs.
func (g *Gateway) Addrs() []net.Addr {
	addrs := make([]net.Addr, 0, len(g.listeners))
	for _, ln := range g.listeners {
		addrs = append(addrs, ln.Addr())
	}
	return addrs
}
