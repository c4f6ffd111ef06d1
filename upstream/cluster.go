package upstream

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"penstock/health"
	"penstock/lb"
)

// Cluster is one configured upstream at work: its endpoints with their shared
// health and connection pools, and every route's View of them. It is made by Plan.Build.
//
// # Ownership
//
// A cluster is a resource that configuration generations share as long as its Plan has
// the same Identity. Retire stops its lookups and probes, Shutdown closes it. Probes connect only
// to backends that are ejected or down because no connection to them could be set up.
//
// Clusters that came from one another share endpoints. An endpoint is what is
// worth keeping: what is known of an address (its health) and a Client (the
// connections). Health is shared by scheme, configured host and address; a Client
// also by server name, TLS files' contents and pool options. Weight, backup,
// balance and ejection options are not part of either. Each cluster counts as one
// user of every endpoint in its current list. When the last user drops an endpoint
// (Update without its address, or Shutdown) its Client is closed: idle connections
// at once, busy ones when their request ends. A request that picked it just before
// still runs to its end. A new cluster never changes the one that it came from, but endpoints
// that both have follow Eject and Failing of the newest.
//
// The gateway holds its reload lock around Plan.Build, Start, Retire and SetBackend,
// so that an override is never set on a cluster that is being replaced. Shutdown must not
// run beside Start. Everything else may be called at any time.
type Cluster struct {
	o       Options  // defaults filled in
	secrets *secrets // nil when no backend is https
	entries []entry
	shared  *registry
	wake    chan struct{} // wakes the prober after an ejection; holds one

	rule     *health.Rule  // of active checks; nil without
	relisted chan struct{} // wakes the checker when there is another list; holds one
	examined chan struct{} // wakes Start when a check has ended; holds one

	mu        sync.Mutex
	addresses [][]string  // by entry: what is known now
	since     []time.Time // by entry: when its last address went; zero: it has never had one
	overrides map[overrideKey]override
	views     map[viewKey]*View
	list      *list // current endpoints, replaced whole
	started   bool
	late      bool               // the process runs already: an address that comes now is new
	retired   bool               // what it does on its own was stopped
	ended     bool               // endpoints were given back
	cancel    context.CancelFunc // stops probes and sources; nil before Start
	running   []Source           // started sources, to be shut down
	wg        sync.WaitGroup     // prober and the starting of sources
}

// Start begins to look for the addresses of names, to probe ejected
// backends and to check all, and returns once every name without a known address has been
// looked up once and every new backend checked once, for CheckOptions.Timeout at most. A name that cannot be found is no error: it is Down until it
// can. It fails when ctx, which bounds only the start, ends first, and when the Source of a name
// without an address does; Shutdown must be called then, too. On a cluster that was started or
// retired it does nothing and returns nil.
func (c *Cluster) Start(ctx context.Context) error {
	c.mu.Lock()
	if c.started || c.retired {
		c.mu.Unlock()
		return nil
	}
	c.started = true
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	c.cancel = cancel
	c.wg.Go(func() { c.probe(run) })
	if c.rule != nil {
		c.wg.Go(func() { newChecker(c).run(run) })
	}
	first := c.startSources(run)
	c.mu.Unlock()

	stop := context.AfterFunc(ctx, cancel)
	var failed error
	for range cap(first) {
		failed = errors.Join(failed, <-first)
	}
	if !stop() {
		failed = errors.Join(failed, fmt.Errorf("upstreams.%s: start: %w", c.o.Name, ctx.Err()))
	}
	if failed == nil {
		c.awaitChecks(ctx)
	}
	return failed
}

// startSources starts every source at once. The channel yields one result for
// each entry that has no address yet; the others need not be waited for.
func (c *Cluster) startSources(run context.Context) <-chan error {
	unknown := 0
	for i := range c.entries {
		if c.o.Backends[i].Source != nil && len(c.addresses[i]) == 0 {
			unknown++
		}
	}
	first := make(chan error, unknown)
	for i := range c.entries {
		source := c.o.Backends[i].Source
		if source == nil {
			continue
		}
		c.running = append(c.running, source)
		known := len(c.addresses[i]) > 0
		c.wg.Go(func() {
			found := !known // by this source; an empty first result says nothing about addresses that served before
			err := source.Start(run, func(now []lb.Endpoint) {
				if found = found || len(now) > 0; found {
					c.Update(i, now)
				}
			})
			if err != nil {
				err = fmt.Errorf("upstreams.%s.backends[%d]: %w", c.o.Name, i, err)
			}
			if !known {
				first <- err
			} else if err != nil && run.Err() == nil {
				c.o.Log.Error("discovery does not run, the known addresses stay", "upstream", c.o.Name, "error", err)
			}
		})
	}
	return first
}

// Retire stops probes and discovery for good, without waiting. Requests may go on using the
// cluster. It may be called again, and before Start, which then does nothing.
func (c *Cluster) Retire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.retired = true
	if c.cancel != nil {
		c.cancel()
	}
}

// Shutdown retires the cluster, waits for probes and discovery, and closes the
// endpoints that no other cluster uses; requests that run there end as usual. It fails only when
// ctx ends first or a source reports an error; the endpoints are closed even so. Further calls
// wait for the probes and sources again, but close nothing.
func (c *Cluster) Shutdown(ctx context.Context) error {
	c.Retire()
	idle := make(chan struct{})
	go func() { c.wg.Wait(); close(idle) }()
	var err error
	select {
	case <-idle:
	case <-ctx.Done():
		err = fmt.Errorf("upstreams.%s: probes or discovery still run: %w", c.o.Name, ctx.Err())
	}
	for _, s := range c.running {
		err = errors.Join(err, s.Shutdown(ctx))
	}
	c.end()
	return err
}

// end gives the endpoints back, once.
func (c *Cluster) end() {
	c.mu.Lock()
	ended := c.ended
	c.ended = true
	c.mu.Unlock()
	if ended {
		return
	}
	newest := c.shared.leave(c)
	c.shared.release(c.list.endpoints())
	if newest {
		c.shared.settle(c)
	}
}

// current returns the list in force.
func (c *Cluster) current() *list {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.list
}
