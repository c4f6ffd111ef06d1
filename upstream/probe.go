package upstream

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// maxProbes is how many probes of one cluster may be open at once.
const maxProbes = 8

// probe tries the cluster's ejected backends until ctx ends: a round, then a
// pause with jitter, as long as one is out. While none is, it sleeps until roused.
func (c *Cluster) probe(ctx context.Context) {
	var due <-chan time.Time // nil while nothing is ejected
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.wake:
			if due != nil {
				continue // the next round is on its way
			}
		case <-due:
			c.probeRound(ctx)
		}
		due = nil
		if len(c.ejected()) > 0 {
			due = time.After(c.o.Probe.Every + rand.N(c.o.Probe.Every))
		}
	}
}

// rouse makes the prober look for ejected backends. It never blocks.
func (c *Cluster) rouse() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// probeRound tries every ejected backend once and returns when all have
// answered or failed.
func (c *Cluster) probeRound(ctx context.Context) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, maxProbes)
	for _, p := range c.ejected() {
		if ctx.Err() != nil {
			break
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			c.probeOne(p)
		})
	}
	wg.Wait()
}

// probeOne restores p when a connection to it can be had.
func (c *Cluster) probeOne(p *endpoint) {
	defer func() {
		if r := recover(); r != nil { // a bug in here must not end the process
			c.o.Log.Error("probe panicked", "upstream", c.o.Name, "panic", r)
		}
	}()
	probe, err := p.dialer.dial(c.o.Probe.Timeout)
	if err != nil {
		c.o.Log.Debug("ejected backend does not answer yet", "upstream", c.o.Name, "backend", p.key.address, "error", err)
		return
	}
	_ = probe.Close() // it has served its purpose
	if !c.current().group.Restore(p.backend, c.o.Now()) {
		return // its time was over meanwhile
	}
	c.o.Log.Info("ejected backend answers again", "upstream", c.o.Name, "backend", p.key.address)
}

// ejected returns the endpoints that are out now.
func (c *Cluster) ejected() []*endpoint {
	now := c.o.Now().UnixNano()
	var out []*endpoint
	for _, p := range c.current().own {
		if p.backend.Ejected(now) {
			out = append(out, p)
		}
	}
	return out
}
