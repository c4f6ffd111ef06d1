package upstream

import (
	"time"

	"penstock/health"
	"penstock/lb"
	"penstock/ratelimit"
)

// BackendState is a picture of one backend, as /api/upstreams shows it. Open includes tunnels,
// Ejections failed trials; Waiting leaves out requests for which a slow transfer was ended at once.
type BackendState struct {
	health.Status
	Address    string             // "ip:port" or "unix:/path"; as Entry for a name without an address
	Entry      string             // "host:port" or "unix:/path" as configured
	Configured int                // weight in the configuration
	Weight     int                // weight in force: 0 when drained, else SetBackend's or the configuration's
	Backup     bool               // used only while no other backend is usable
	InFlight   int64              // requests under way, over all routes
	Open       int                // connections, idle ones included
	Idle       int                // connections waiting for a request
	Waiting    int                // requests waiting for a connection
	Refused    uint64             // how often it was not ejected because eject.at_most were out already
	Limiter    *ratelimit.Limiter // of its attempts; nil for no bound, and for a name without an address
	Latency    time.Duration      // moving average as lb.Backend.Latency returns it; zero before the first sample

	Checks  health.Checks // active checks of it
	Opened  uint64        // how often its breaker has opened
	Breaker bool          // it has a breaker

	Ejections [lb.GroundCount]uint64 // how often it was ejected since it was first seen, by lb.Ground
}

// State returns a picture of every backend, in the order of the configuration: one for each
// address, and one for a name without an address, so that it is not overlooked. The caller owns
// the slice.
func (c *Cluster) State() []BackendState {
	now := c.o.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	states := make([]BackendState, 0, len(c.list.own))
	next := 0
	for i := range c.entries {
		e := &c.entries[i]
		for range c.addresses[i] {
			states = append(states, c.stateOf(e, c.list.own[next], now))
			next++
		}
		if len(c.addresses[i]) == 0 {
			r := c.rotation(e, e.address)
			states = append(states, BackendState{
				Status:  health.Missing(r, c.since[i], c.lookupFailure(i)),
				Address: e.address, Entry: e.address,
				Configured: e.weight, Weight: r.Weight, Backup: e.backup,
			})
		}
	}
	return states
}

// Panics reports whether so few backends can be used that ejections are ignored
// (lb.Options.Panic), by the weights in force. It is false while a backup can be used and
// when none of the others has a weight. A route with weights of its own may differ.
func (c *Cluster) Panics() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	var usable, all, spare int64
	for _, p := range c.list.own {
		e := &c.entries[c.list.members[p.backend.Index()].Entry]
		w, out := int64(c.rotation(e, p.key.address).Weight), !p.backend.Usable()
		switch {
		case p.backend.Broken(): // it gets no requests in any case
		case e.backup && !out:
			spare += w
		case e.backup:
		case out:
			all += w
		default:
			all += w
			usable += w
		}
	}
	return spare == 0 && lb.InPanic(usable, all, c.o.Balance.Panic)
}

// lookupFailure returns why the latest lookup of an entry's name failed; nil when none
// has.
func (c *Cluster) lookupFailure(entry int) *health.Failure {
	source := c.o.Backends[entry].Source
	if source == nil {
		return nil
	}
	at, err := source.LastFailure()
	return health.LookupFailure(err, at)
}

// stateOf describes one endpoint. c.mu is held.
func (c *Cluster) stateOf(e *entry, p *endpoint, now time.Time) BackendState {
	b, r := p.backend, c.rotation(e, p.key.address)
	s := BackendState{
		Status:     p.place.health.Status(r, now),
		Address:    b.Address(),
		Entry:      e.address,
		Configured: e.weight,
		Weight:     r.Weight,
		Backup:     e.backup,
		InFlight:   b.InFlight(),
		Latency:    b.Latency(),
	}
	s.Limiter = c.list.members[b.Index()].Limiter
	s.Ejections, s.Refused = b.Ejections()
	s.Checks = p.place.health.Checks()
	s.Opened, s.Breaker = b.Standing().Breaker.Opened, c.o.Eject.Breaker.OpenAt > 0
	s.Open, s.Idle, s.Waiting = p.client.Stats()
	return s
}
