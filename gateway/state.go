package gateway

import (
	"errors"
	"fmt"

	"penstock/config"
	"penstock/metrics"
	"penstock/upstream"
)

// RouteState is one route as an operator sees it.
type RouteState struct {
	Name   string
	Config *config.Route // read only
}

// UpstreamState is one upstream as an operator sees it.
type UpstreamState struct {
	Name     string
	Balance  config.Balance
	Backends []upstream.BackendState
}

// Ready reports whether traffic should be sent here, and why not.
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
func (g *Gateway) Generation() uint64 { return g.current.Load().generation }

// Config returns the running configuration; nobody may write to it.
func (g *Gateway) Config() *config.Config { return g.current.Load().config }

// Routes lists the routes of the running configuration.
func (g *Gateway) Routes() []RouteState {
	s := g.current.Load()
	states := make([]RouteState, len(s.routes))
	for i, r := range s.routes {
		states[i] = RouteState{Name: r.name, Config: s.config.Routes[i]}
	}
	return states
}

// Upstreams lists the upstreams of the running configuration and their backends.
func (g *Gateway) Upstreams() []UpstreamState {
	s := g.current.Load()
	states := make([]UpstreamState, len(s.upstreams))
	for i, u := range s.upstreams {
		states[i] = UpstreamState{Name: u.name, Balance: u.config.Balance, Backends: u.cluster.State()}
	}
	return states
}

// ErrNotConfigured says that the configuration has no such upstream or backend.
var ErrNotConfigured = errors.New("is not configured")

// SetBackend changes the weight of a backend, or drains it, until its entry in
// the file changes. nil leaves a setting as it is.
func (g *Gateway) SetBackend(name, address string, weight *int, drain *bool) error {
	g.reload.Lock()
	defer g.reload.Unlock()
	u := g.current.Load().upstream(name)
	if u == nil {
		return fmt.Errorf("upstream %q: %w", name, ErrNotConfigured)
	}
	err := u.cluster.SetBackend(address, weight, drain)
	if errors.Is(err, upstream.ErrUnknownBackend) {
		return fmt.Errorf("backend %q of upstream %q: %w", address, name, ErrNotConfigured)
	}
	return err
}

// gauges tells the metrics what exists at this moment.
func (g *Gateway) gauges() metrics.ProcessGauges {
	p := metrics.ProcessGauges{
		Connections: g.limit.Open(),
		Resting:     g.http1.Parked(),
		Tunnels:     g.tunnels.Len(),
		Generations: g.liveGenerations(),
	}
	for _, ln := range g.listeners {
		p.Refused += uint64(ln.Refused())
	}
	if g.access != nil {
		p.AccessLogLines = uint64(g.access.Dropped())
	}
	return p
}

// backendGauges tells the metrics the state of every backend.
func (g *Gateway) backendGauges(emit func(metrics.BackendGauges)) {
	for _, u := range g.Upstreams() {
		for _, b := range u.Backends {
			emit(metrics.BackendGauges{
				Upstream: u.Name, Address: b.Address, Up: b.State == upstream.Up,
				InFlight: b.InFlight, Active: b.Open - b.Idle, Idle: b.Idle, Waiting: b.Waiting,
				Ejections: uint64(b.Ejections),
			})
		}
	}
}
