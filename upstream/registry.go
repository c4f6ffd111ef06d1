package upstream

import (
	"slices"
	"sync"
	"sync/atomic"

	"penstock/conn"
	"penstock/health"
	"penstock/lb"
	"penstock/ratelimit"
)

// registry holds the endpoints of all clusters that came from one another, so
// that an endpoint is shared wherever its key is equal and indexes are unique.
type registry struct {
	mu        sync.Mutex
	endpoints map[endpointKey]*endpoint
	places    map[placeKey]*place
	slots     []*place   // by Backend.Index; nil is free
	clusters  []*Cluster // those that have not ended, oldest first
}

func newRegistry() *registry {
	return &registry{endpoints: make(map[endpointKey]*endpoint), places: make(map[placeKey]*place)}
}

// placeKey is the identity of an address of an upstream. One name's address is not
// another name's, even when they are equal.
type placeKey struct {
	entry   entryID
	address string
}

// place is what is known of one address. It outlives changes of how the address is
// connected to.
type place struct {
	key    placeKey
	health *health.Endpoint
	log    stateLog
	users  int         // endpoints that hold it; guarded by registry.mu
	known  atomic.Bool // it has been in a list

	limiter *ratelimit.Limiter       // nil before the first cluster that limits; guarded by registry.mu
	limits  ratelimit.LimiterOptions // of limiter, without its seed
}

// endpoint is one backend with its connections, shared by clusters.
type endpoint struct {
	key     endpointKey
	place   *place
	dialer  *dialer
	backend *lb.Backend // of the place's health
	client  *Client
	users   int // lists that hold it; guarded by registry.mu
}

// endpointKey is everything that must be equal for two clusters to share connections.
type endpointKey struct {
	placeKey
	serverName string // "" for plain connections
	secrets    [32]byte
	pool       PoolOptions
	sweeper    *conn.Sweeper
}

func (c *Cluster) endpointKey(e *entry, address string) endpointKey {
	k := endpointKey{placeKey: placeKey{e.id, address}, pool: c.o.Pool, sweeper: c.o.Sweeper}
	if e.id.scheme == "https" {
		k.serverName = c.secrets.serverName(e.host)
		k.secrets = c.secrets.digest
	}
	return k
}

// take returns the endpoint for k, made for c when there is none, with one user more.
func (r *registry) take(k endpointKey, c *Cluster) *endpoint {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.endpoints[k]
	if p == nil {
		p = c.newEndpoint(k, r.place(k.placeKey))
		r.endpoints[k] = p
	}
	p.users++
	return p
}

// place returns what is known of an address, made when there is nothing, with one
// user more. r.mu is held.
func (r *registry) place(k placeKey) *place {
	at := r.places[k]
	if at == nil {
		index := slices.Index(r.slots, nil)
		if index < 0 {
			index = len(r.slots)
			r.slots = append(r.slots, nil)
		}
		at = &place{key: k, health: health.NewEndpoint(lb.NewBackend(k.address, index))}
		r.slots[index] = at
		r.places[k] = at
	}
	at.users++
	return at
}

func (c *Cluster) newEndpoint(k endpointKey, at *place) *endpoint {
	d := newDialer(k.address, k.sweeper)
	if k.serverName != "" {
		d.tls = c.secrets.forBackend(k.serverName)
	}
	b := at.health.Backend()
	return &endpoint{key: k, place: at, dialer: d, backend: b, client: newClient(clientOptions{
		Backend: b,
		Dial:    d.dial,
		Pool:    k.pool,
		OnSlow:  c.o.OnSlow,
		Now:     c.o.Now,
	})}
}

// release gives one use of each endpoint back and closes those without users.
func (r *registry) release(endpoints []*endpoint) {
	var unused []*endpoint
	r.mu.Lock()
	for _, p := range endpoints {
		if p.users--; p.users == 0 {
			delete(r.endpoints, p.key)
			r.leavePlace(p.place)
			unused = append(unused, p)
		}
	}
	r.mu.Unlock()
	for _, p := range unused {
		p.client.Close()
	}
}

// leavePlace gives one use of a place back. r.mu is held.
func (r *registry) leavePlace(at *place) {
	if at.users--; at.users == 0 {
		delete(r.places, at.key)
		r.slots[at.health.Backend().Index()] = nil
	}
}

// join adds c as the newest cluster.
func (r *registry) join(c *Cluster) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clusters = append(r.clusters, c)
}

// leave takes c out and reports whether it was the newest.
func (r *registry) leave(c *Cluster) (newest bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	newest = r.clusters[len(r.clusters)-1] == c
	r.clusters = slices.DeleteFunc(r.clusters, func(other *Cluster) bool { return other == c })
	return newest
}

// rouse wakes every cluster's prober after an ejection: any of the clusters may be
// the one that stays.
func (r *registry) rouse() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.clusters {
		c.rouse()
	}
}

// settle is called after changed had made a list or ended. Shared backends
// report to the group that was made last; that must be the newest cluster's,
// whose ejection options are in force.
func (r *registry) settle(changed *Cluster) {
	r.mu.Lock()
	var newest *Cluster
	if n := len(r.clusters); n > 0 {
		newest = r.clusters[n-1]
	}
	r.mu.Unlock()
	if newest == nil || newest == changed {
		return
	}
	newest.mu.Lock()
	defer newest.mu.Unlock()
	if !newest.ended {
		newest.rebuild()
	}
}
