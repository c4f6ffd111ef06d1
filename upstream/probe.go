package upstream

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"penstock/health"
	"penstock/lb"
)

const (
	maxProbes    = 8           // of one cluster at the same time
	probeTimeout = time.Second // for one probe, the TLS handshake included
)

// probe connects to the cluster's unreachable backends until ctx ends: a round, then
// a pause with jitter, as long as there is one. While there is none, it sleeps until
// roused.
func (c *Cluster) probe(ctx context.Context) {
	var due <-chan time.Time // nil while none is unreachable
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
		if len(c.unreachable()) > 0 {
			due = time.After(c.o.probeEvery + rand.N(c.o.probeEvery)) // so that instances do not probe together
		}
	}
}

// rouse makes the prober look for unreachable backends. It never blocks.
func (c *Cluster) rouse() { signal(c.wake) }

// signal wakes whoever waits for ch, which holds one element. It never blocks.
func signal(ch chan<- struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// probeRound connects to every unreachable backend once and returns when all
// connections have come about or failed.
func (c *Cluster) probeRound(ctx context.Context) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, maxProbes)
	for _, p := range c.unreachable() {
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
	began := c.o.Now()
	probe, err := p.dialer.dial(probeTimeout)
	now := c.o.Now()
	p.place.health.Checked(err, now)
	if err != nil {
		c.o.Log.Debug("backend cannot be connected to yet", "upstream", c.o.Name, "backend", p.key.address, "error", err)
		return
	}
	_ = probe.Close() // it has served its purpose
	if !c.current().group.Restore(p.backend, lb.Connected, began, now) {
		return // its time was over meanwhile
	}
	p.place.log.wrote(health.Up, now)
	c.logStatus(slog.LevelInfo, "backend up: a probe has connected to it", p.key.address, p.place.health.Changed(p.backend.Standing()))
}

// unreachable returns the endpoints that could not be connected to.
func (c *Cluster) unreachable() []*endpoint {
	var out []*endpoint
	for _, p := range c.current().own {
		if p.place.health.Unreachable() {
			out = append(out, p)
		}
	}
	return out
}
