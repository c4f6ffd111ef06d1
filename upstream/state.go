package upstream

import (
	"time"

	"penstock/lb"
)

// State is what an operator wants to know of a backend in one word.
type State uint8

// The states. Draining hides Ejected: such a backend gets no requests either way.
const (
	Up       State = iota // requests go there
	Ejected               // out after consecutive connection failures
	Draining              // weight 0, by configuration or through SetBackend: no new requests
	Down                  // a name that has no address
	stateCount
)

var stateText = [stateCount]string{Up: "up", Ejected: "ejected", Draining: "draining", Down: "down"}

func (s State) String() string { return stateText[s] }

// BackendState is a picture of one backend, as /api/upstreams shows it.
type BackendState struct {
	Address    string        // "ip:port" or "unix:/path"; as Entry when State is Down
	Entry      string        // "host:port" or "unix:/path" as configured
	State      State         // in one word
	Reason     string        // why State is not Up: connect-failures, weight-0, operator, no-address; "" when it is
	Since      time.Time     // since when State holds; zero means since the start
	Configured int           // weight in the configuration
	Weight     int           // weight in force: 0 when drained, else SetBackend's or the configuration's
	Backup     bool          // used only while no other backend is usable
	InFlight   int64         // requests under way, over all routes
	Open       int           // connections, idle ones included
	Idle       int           // connections waiting for a request
	Waiting    int           // requests waiting for a connection
	Ejections  uint64        // how often it was ejected since it was first seen
	Latency    time.Duration // moving average; zero before the first answer
}

// State returns a picture of every backend, in the order of the configuration.
// A name without an address has one line, so that it is not overlooked.
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
			w, _ := c.weight(e, e.address)
			states = append(states, BackendState{
				Address: e.address, Entry: e.address, State: Down, Reason: "no-address",
				Configured: e.weight, Weight: w, Backup: e.backup,
			})
		}
	}
	return states
}

// stateOf describes one endpoint. c.mu is held.
func (c *Cluster) stateOf(e *entry, p *endpoint, now time.Time) BackendState {
	b := p.backend
	s := BackendState{
		Address:    b.Address(),
		Entry:      e.address,
		Configured: e.weight,
		Backup:     e.backup,
		InFlight:   b.InFlight(),
		Ejections:  b.Ejections(),
		Latency:    b.Latency(),
	}
	s.Open, s.Idle, s.Waiting = p.client.Stats()
	health, since, reason := b.State(now)
	s.Since = since
	if health == lb.Ejected {
		s.State, s.Reason = Ejected, reason
	}
	weight, set := c.weight(e, s.Address)
	s.Weight = weight
	if weight == 0 {
		s.State, s.Reason, s.Since = Draining, "weight-0", time.Time{}
		if set {
			s.Reason, s.Since = "operator", c.setSince(e, s.Address)
		}
	}
	return s
}
