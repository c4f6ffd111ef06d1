package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"

	"penstock/conn"
)

// quietTime is how long an idle connection must have been silent before a
// draining gateway closes it: a request that is on its way still gets its answer.
const quietTime = time.Second

// restTime bounds what is waited for when no client is left: lookups, probes and
// sweeps, which end at once when they are told to, and the last save of the cache
// where the clients have used up the deadline.
const restTime = 3 * time.Second

// Drain announces the end: readiness goes off and every answer from now on says
// Connection: close. Requests are still taken until Shutdown.
func (g *Gateway) Drain() {
	g.ready.Store(false)
}

// Shutdown stops accepting, lets requests, streams and tunnels end until ctx is
// done, then cuts what is left. The error says how much that was. The store is saved
// for the next start as far as ctx allows, whatever the disk does.
func (g *Gateway) Shutdown(ctx context.Context) error {
	g.Drain()
	g.reload.Lock() // a reload that has begun ends first; a later one is refused
	g.draining.Store(true)
	g.reload.Unlock()

	save := g.prepareLastSave(ctx)
	defer save.begin()
	closed := g.closeListeners()
	late := g.drainClients(ctx)
	tunnels := g.tunnels.Shutdown(ctx)
	g.endFetches(ctx)
	save.begin()
	g.clients.CloseAll()
	g.serving.Wait()
	rest, cancel := context.WithTimeout(context.WithoutCancel(ctx), restTime)
	defer cancel()
	ends := g.current.Load().shutdown(rest)
	return errors.Join(closed, late, tunnels, ends, g.clients.Shutdown(rest), g.backends.Shutdown(rest), save.wait(ctx, rest))
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

// drainClients waits until no client connection is left but tunnels. Busy ones
// end with their answer; idle ones are closed once they have been silent for
// quietTime.
func (g *Gateway) drainClients(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	seen := make(map[*conn.Conn]silence)
	for {
		left := g.sweepIdle(seen)
		if left == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("drain: %d connections were cut: %w", left, ctx.Err())
		case <-tick.C:
		}
	}
}

// silence is since when an idle connection has received nothing.
type silence struct {
	bytes int64
	since time.Time
}

// sweepIdle closes the connections that were silent long enough and returns how
// many are left.
func (g *Gateway) sweepIdle(seen map[*conn.Conn]silence) int {
	now, left := g.now(), 0
	var quiet []*conn.Conn
	g.clients.Each(func(c *conn.Conn) {
		if c.Phase() == phaseTunnel {
			return
		}
		left++
		before, known := seen[c]
		if c.Phase() == phaseBusy || !known || before.bytes != c.BytesRead() {
			seen[c] = silence{bytes: c.BytesRead(), since: now}
			return
		}
		if now.Sub(before.since) >= quietTime {
			quiet = append(quiet, c)
		}
	})
	for _, c := range quiet {
		_ = c.Close()
		delete(seen, c)
	}
	return left
}
