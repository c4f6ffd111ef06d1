package upstream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"penstock/lb"
)

// retireLimit is how long the end of a retired cluster waits for its sources.
const retireLimit = 10 * time.Second

// Cluster is one configured upstream at work: its endpoints with their shared
// health and connection pools, and every route's View of them.
//
// # Ownership
//
// A configuration generation holds one claim on each of its clusters. NewCluster
// and NewClusterFrom give a claim; Retire or Shutdown gives it back, exactly
// once. NewClusterFrom returns the previous cluster itself, with one claim more,
// when nothing of it changed; else it returns a new cluster. A new cluster never
// changes the one it came from, so a generation that fails to assemble is undone
// by Shutdown of what it had made.
//
// Clusters that came from one another share endpoints. An endpoint is what is
// worth keeping: an lb.Backend (in-flight, latency, ejection) and a Client (the
// connections). It is told apart by scheme, configured host, address, server
// name, TLS files' contents and pool options; weight, backup, balance and
// ejection options are not part of it. Each cluster counts as one user of every
// endpoint in its current list. When the last user drops an endpoint (Update
// without its address, or the end of the cluster) its Client is closed: idle
// connections at once, busy ones when their request ends. A request that picked
// it just before still runs to its end.
//
// The gateway holds its reload lock around NewClusterFrom, Start, Retire,
// Shutdown and SetBackend, so that an override is never set on a cluster that is
// being replaced. Everything else may be called at any time.
type Cluster struct {
	o       Options  // defaults filled in
	secrets *secrets // nil when no backend is https
	entries []entry
	shared  *registry
	wake    chan struct{} // tells the prober of an ejection; holds one

	mu        sync.Mutex
	addresses [][]string  // by entry: what is known now
	since     []time.Time // by entry: when its last address went; zero: it has never had one
	overrides map[overrideKey]override
	views     map[viewKey]*View
	list      *list // current endpoints, replaced whole
	claims    int
	started   bool
	ended     bool // endpoints were given back
	timer     *time.Timer
	cancel    context.CancelFunc // stops probes and sources; nil before Start
	running   []Source           // started sources, to be shut down
	wg        sync.WaitGroup     // prober and the starting of sources
}

// NewCluster makes a cluster with nothing to carry over. It reads certificate
// files and does no other I/O. Errors name the upstream and the key at fault.
func NewCluster(o Options) (*Cluster, error) { return NewClusterFrom(nil, o) }

// NewClusterFrom makes the cluster of the next generation: prev itself with one
// claim more when o describes the same, else a new one that shares prev's
// unchanged endpoints, starts with the addresses that prev's names had, and
// keeps the overrides of entries that did not change. prev nil carries nothing
// over.
func NewClusterFrom(prev *Cluster, o Options) (*Cluster, error) {
	entries, err := o.check()
	if err != nil {
		return nil, fmt.Errorf("upstreams.%s.%w", o.Name, err)
	}
	c := &Cluster{
		o:         o.withDefaults(),
		entries:   entries,
		wake:      make(chan struct{}, 1),
		addresses: make([][]string, len(entries)),
		since:     make([]time.Time, len(entries)),
		overrides: make(map[overrideKey]override),
		views:     make(map[viewKey]*View),
		claims:    1,
	}
	if usesTLS(entries) {
		if c.secrets, err = readTLS(o.TLS); err != nil {
			return nil, fmt.Errorf("upstreams.%s.%w", o.Name, err)
		}
	}
	if prev == nil {
		c.shared = newRegistry()
	} else if prev.take(c) {
		return prev, nil
	}
	if c.insecure() && (prev == nil || !prev.insecure()) {
		c.o.Log.Warn("INSECURE: the certificates of this upstream's backends are NOT verified (tls.insecure)", "upstream", o.Name)
	}
	for i := range entries {
		if entries[i].literal {
			c.addresses[i] = []string{entries[i].address}
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rebuild()
	c.shared.join(c)
	return c, nil
}

func (c *Cluster) insecure() bool { return c.secrets != nil && c.secrets.config.InsecureSkipVerify }

// take hands prev's state to next. It reports true when next would be the same
// as prev, which then has one claim more and stays in use.
func (c *Cluster) take(next *Cluster) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.ended && c.sameAs(next) {
		c.claims++
		return true
	}
	next.shared = c.shared
	for i := range next.entries {
		for j := range c.entries {
			if next.entries[i].id == c.entries[j].id {
				next.addresses[i], next.since[i] = c.addresses[j], c.since[j]
			}
		}
	}
	next.adopt(c)
	return false
}

// Start begins to look for the addresses of names and to probe ejected
// backends, and returns once every name without a known address has been
// looked up once. A name that cannot be found is no error: it is Down until it
// can. ctx bounds only the start. On a cluster that runs it does nothing.
func (c *Cluster) Start(ctx context.Context) error {
	c.mu.Lock()
	if c.started || c.ended {
		c.mu.Unlock()
		return nil
	}
	c.started = true
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	c.cancel = cancel
	c.wg.Go(func() { c.probe(run) })
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
			found := !known // by this source; an empty first answer says nothing about addresses that served before
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

// Retire gives a claim back without waiting. When it was the last one, probes
// and discovery stop now; endpoints that nobody else uses are closed after
// that long, which should be the longest time a request may take.
func (c *Cluster) Retire(after time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.unclaim() {
		return
	}
	c.timer = time.AfterFunc(after, func() {
		ctx, cancel := context.WithTimeout(context.Background(), retireLimit)
		defer cancel()
		if err := c.finish(ctx); err != nil {
			c.o.Log.Error("discovery did not stop cleanly", "upstream", c.o.Name, "error", err)
		}
	})
}

// Shutdown gives a claim back. When it was the last one, it stops probes and
// discovery, waits for them and closes the endpoints that nobody else uses.
// It fails only when ctx ends first or a source reports an error; the endpoints
// are closed even so.
func (c *Cluster) Shutdown(ctx context.Context) error {
	c.mu.Lock()
	last := c.unclaim()
	c.mu.Unlock()
	if !last {
		return nil
	}
	return c.finish(ctx)
}

// unclaim drops one claim, and with the last one stops what runs. It reports
// whether it was the last. c.mu is held.
func (c *Cluster) unclaim() bool {
	c.claims--
	if c.claims > 0 {
		return false
	}
	if c.cancel != nil {
		c.cancel()
	}
	return true
}

// finish waits for what runs and gives the endpoints back. Probes and discovery
// have been told to stop.
func (c *Cluster) finish(ctx context.Context) error {
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

// sameAs reports whether next describes what c does. c.mu is held; next is not
// shared yet.
func (c *Cluster) sameAs(next *Cluster) bool {
	if (c.secrets == nil) != (next.secrets == nil) || c.secrets != nil && c.secrets.digest != next.secrets.digest {
		return false
	}
	return slices.EqualFunc(c.entries, next.entries, func(e, f entry) bool { return e.same(&f) }) &&
		c.o.Name == next.o.Name && c.o.Balance == next.o.Balance && c.o.Pool == next.o.Pool &&
		c.o.Probe == next.o.Probe && c.o.Refresh == next.o.Refresh && c.o.Sweeper == next.o.Sweeper &&
		c.o.Eject.Failures == next.o.Eject.Failures && c.o.Eject.Base == next.o.Eject.Base &&
		c.o.Eject.Max == next.o.Eject.Max && c.o.Eject.AtMost == next.o.Eject.AtMost
}
