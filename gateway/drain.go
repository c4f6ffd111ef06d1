package gateway

import (
	"context"
	"errors"
	"time"
)

// restTime bounds the wait after the last client has gone. It is for lookups, probes and
// sweeps, which end as soon as they are stopped, and for the last save of the cache when the
// clients have used up the deadline.
const restTime = 3 * time.Second

// Drain announces the end: from now on Ready is false, which nothing takes back but a Start that has
// not yet returned. The gateway goes on accepting connections and requests; responses have
// Connection: close only once Shutdown has begun. A second call does nothing.
func (g *Gateway) Drain() {
	g.ready.Store(false)
}

// Shutdown stops accepting, lets requests, streams and tunnels end until ctx is
// done, then cuts what is left. The error says how much that was, or that closing or saving failed;
// the gateway has ended all the same. It may return some seconds after ctx is done. The store is
// saved for the next start as far as ctx allows, whatever the disk does.
func (g *Gateway) Shutdown(ctx context.Context) error {
	g.Drain()
	g.reload.Lock() // a reload that has begun ends first; a later one is refused
	g.draining.Store(true)
	g.reload.Unlock()

	save := g.saver.PrepareLastSave(ctx)
	defer save.Begin()
	closed := g.closeListeners()
	late := g.http1.Drain(ctx, g.clients)
	g.stop.Do(func() { close(g.proxy.stopping) })
	tunnels := g.proxy.tunnels.Shutdown(ctx)
	if g.cache != nil {
		g.cache.Shutdown(ctx, g.backends.CloseAll)
	}
	save.Begin()
	g.clients.CloseAll()
	g.serving.Wait()
	rest, cancel := context.WithTimeout(context.WithoutCancel(ctx), restTime)
	defer cancel()
	ends := g.generations.end(rest, g.proxy.current.Load())
	return errors.Join(closed, late, tunnels, ends, g.clients.Shutdown(rest), g.backends.Shutdown(rest), save.Wait(ctx, rest))
}

// closeListeners stops accepting. Connections that the kernel had accepted
// already are served first.
func (g *Gateway) closeListeners() error {
	var errs []error
	for _, ln := range g.listeners {
		errs = append(errs, ln.Close())
	}
	return errors.Join(errs...)
}
