package gateway

import (
	"context"
	"errors"
	"fmt"

	"penstock/config"
	"penstock/lb"
	"penstock/ops"
	"penstock/upstream"
)

// Ready reports whether traffic should be sent here: true from the end of Start until Drain or
// Shutdown. reason says why not; it is empty when ready is true.
func (g *Gateway) Ready() (ready bool, reason string) {
	switch {
	case g.draining.Load():
		return false, "shutting down"
	case !g.ready.Load():
		return false, "not serving yet, or draining"
	}
	return true, ""
}

// Generation returns the number of the running configuration, from 1.
func (g *Gateway) Generation() uint64 { return g.proxy.current.Load().generation }

// Config returns the running configuration; nobody may write to it.
func (g *Gateway) Config() *config.Config { return g.proxy.current.Load().config }

// Routes lists the routes of the running configuration in its order, with the present counts of
// their limits. The slices and maps of the configuration are shared: nobody may write to them.
func (g *Gateway) Routes() []ops.Route {
	s := g.proxy.current.Load()
	views, limits := make([]ops.Route, len(s.routes)), limitViews{}
	for i, r := range s.routes {
		views[i] = routeView(r.name, s.config.Routes[i])
		views[i].Limits = limits.of(r.limits)
	}
	return views
}

func routeView(name string, c *config.Route) ops.Route {
	v := ops.Route{Name: name, Hosts: c.Hosts, Path: c.Path, Methods: c.Methods, Backends: c.Weights}
	if v.Action = c.Responds(); v.Action == "" {
		v.Action, v.Upstreams = "proxy", make(map[string]int, len(c.Targets))
		for _, t := range c.Targets {
			v.Upstreams[t.Upstream] = t.Weight
		}
	}
	return v
}

// Upstreams lists the upstreams of the running configuration and the present state of their
// backends; Backends is nil for an upstream without any.
func (g *Gateway) Upstreams() []ops.Upstream {
	s := g.proxy.current.Load()
	views := make([]ops.Upstream, len(s.upstreams))
	for i, u := range s.upstreams {
		v := ops.Upstream{Name: u.name, Balance: u.config.Balance.Method.String(), Panic: u.cluster.Panics()}
		for _, b := range u.cluster.State() {
			v.Backends = append(v.Backends, backendView(&b))
		}
		if u.queue != nil {
			v.Queue = u.queue.view()
		}
		views[i] = v
	}
	return views
}

func backendView(b *upstream.BackendState) ops.Backend {
	v := ops.Backend{
		Address: b.Address, Status: b.Status,
		Weight: b.Weight, Backup: b.Backup, InFlight: b.InFlight,
		Active: b.Open - b.Idle, Idle: b.Idle, Waiting: b.Waiting,
		Refused: b.Refused, EjectionsBy: make(map[string]uint64, len(b.Ejections)-1),
	}
	if l := b.Limiter; l != nil {
		v.Concurrency = &ops.Concurrency{
			Mode: l.Mode().String(), Limit: l.Limit(), InFlight: l.InFlight(), Base: l.Base().Seconds(), Median: l.Median().Seconds(),
		}
	}
	if c := b.Checks; c.On {
		v.Checks = &ops.HealthChecks{OK: c.OK, Failed: c.Failed, Took: c.Took.Seconds()}
	}
	if b.Breaker {
		v.Opened = &b.Opened
	}
	for ground := lb.NoGround + 1; ground < lb.GroundCount; ground++ {
		v.EjectionsBy[ground.String()] = b.Ejections[ground]
		v.Ejections += b.Ejections[ground]
	}
	return v
}

// ErrNotConfigured is wrapped by SetBackend when the configuration has no such upstream or backend.
var ErrNotConfigured = errors.New("is not configured")

// SetBackend changes the weight of a backend (0..1000), or drains it, until its entry in the file
// changes. nil leaves a setting as it is; drain false lets the weight count again. An unknown name
// or address is ErrNotConfigured, any other weight an error; then nothing has changed. For address
// see upstream.Cluster.SetBackend. It waits for a Reload under way.
func (g *Gateway) SetBackend(name, address string, weight *int, drain *bool) error {
	g.reload.Lock()
	defer g.reload.Unlock()
	u := g.proxy.current.Load().upstream(name)
	if u == nil {
		return fmt.Errorf("upstream %q: %w", name, ErrNotConfigured)
	}
	return u.known(address, u.cluster.SetBackend(address, weight, drain))
}

// WarmBackend begins the slow start of a backend. An unknown name or address is ErrNotConfigured, an
// upstream without slow start upstream.ErrNoSlowStart.
func (g *Gateway) WarmBackend(name, address string) error {
	u := g.proxy.current.Load().upstream(name)
	if u == nil {
		return fmt.Errorf("upstream %q: %w", name, ErrNotConfigured)
	}
	return u.known(address, u.cluster.Warm(address))
}

// known makes an error about an unknown backend ErrNotConfigured.
func (u *pooledUpstream) known(address string, err error) error {
	if errors.Is(err, upstream.ErrUnknownBackend) {
		return fmt.Errorf("backend %q of upstream %q: %w", address, u.name, ErrNotConfigured)
	}
	return err
}

// CheckBackend checks a backend at once and returns when the result counts; Upstreams shows it. An
// unknown name or address is ErrNotConfigured, an upstream without health checks
// upstream.ErrNotChecked; it fails, too, when ctx ends first.
func (g *Gateway) CheckBackend(ctx context.Context, name, address string) error {
	u := g.proxy.current.Load().upstream(name)
	if u == nil {
		return fmt.Errorf("upstream %q: %w", name, ErrNotConfigured)
	}
	return u.known(address, u.cluster.CheckNow(ctx, address))
}

// process returns what exists at this moment.
func (g *Gateway) process() ops.Process {
	p := ops.Process{
		Connections:    g.limit.Open(),
		Parked:         g.http1.Parked(),
		Tunnels:        g.proxy.tunnels.Len(),
		Generations:    int(g.generations.live.Load()),
		BufferedBodies: g.proxy.bodies.used.Load(),
	}
	for _, ln := range g.listeners {
		p.Refused += uint64(ln.Refused())
	}
	if g.proxy.access != nil {
		p.AccessLogLines = uint64(g.proxy.access.Dropped())
	}
	return p
}
