package metrics

import (
	"maps"
	"sync/atomic"

	"penstock/exchange"
)

// Route holds the counters of one route. Only Registry.Route makes it. It is safe for concurrent use.
type Route struct {
	name   string
	reg    *Registry
	cells  []routeCell
	faults faultCounts
	timed  atomic.Bool                          // the histogram of durations has been written
	lanes  atomic.Pointer[map[backendKey]*lane] // replaced as a whole under Registry.mu
	cache  atomic.Pointer[routeCache]           // nil until CountCache
}

// routeCell is one shard of a route's counters.
type routeCell struct {
	inFlight atomic.Int64
	received atomic.Uint64
	sent     atomic.Uint64
	duration durations
	codes    [codeSlots]atomic.Uint64
	_        [64]byte // separates the last cache line from the next shard
}

// lane counts the attempts of one route at one backend, in shards.
type lane struct {
	backend *backend
	cells   []laneCell
}

type laneCell struct {
	requests atomic.Uint64
	_        [56]byte // one cache line each
}

// maxLaneShards is lower than maxShards because there is a lane for each route at
// each backend.
const maxLaneShards = 8

func newRoute(reg *Registry, name string) *Route {
	r := &Route{name: name, reg: reg, cells: make([]routeCell, reg.shards), faults: newFaultCounts()}
	r.lanes.Store(&map[backendKey]*lane{})
	return r
}

// Begin counts a request as in flight. Each Begin needs one Observe of the same Route with the same
// x, of which it reads nothing. Route "" has no requests in flight, because they are counted when
// they end.
func (r *Route) Begin(x *exchange.Exchange) {
	if !counting || r.name == "" {
		return
	}
	r.cells[shardOf(x)&uint(len(r.cells)-1)].inFlight.Add(1)
}

// Observe counts a request as finished and records status, Took, bytes, fault and every
// attempt of x. It reads x only during the call, allocates nothing and takes no lock,
// except for the first attempt of this route at a backend and those that are unattributed. Except
// for route "", Begin must have been called for x, or the requests in flight fall below the truth.
func (r *Route) Observe(x *exchange.Exchange) {
	if !counting {
		return
	}
	shard := shardOf(x)
	c := &r.cells[shard&uint(len(r.cells)-1)]
	if r.name != "" {
		c.inFlight.Add(-1)
	}
	c.codes[slotOf(x.Status)].Add(1)
	if !x.Tunnel {
		c.duration.observe(x.Took)
	}
	addBytes(&c.received, x.Received)
	addBytes(&c.sent, x.Sent)
	if x.Fault != nil {
		r.faults.add(x.Fault)
	}
	if cache := r.cache.Load(); cache != nil && x.Cache.Outcome != exchange.CacheOff {
		cache.observe(x, shard)
	}
	r.observeTries(x, shard)
}

// ObserveTries records the attempts of a background fetch, and nothing else of x. Neither Begin nor
// Observe is called for x.
func (r *Route) ObserveTries(x *exchange.Exchange) {
	if counting {
		r.observeTries(x, shardOf(x))
	}
}

func (r *Route) observeTries(x *exchange.Exchange, shard uint) {
	for i := range x.Attempts {
		at := &x.Attempts[i]
		l := r.lane(backendKey{x.Upstream, at.Backend})
		if l == nil {
			r.reg.unattributed.Add(1)
			continue
		}
		l.cells[shard&uint(len(l.cells)-1)].requests.Add(1)
		l.backend.observe(at, shard)
		if i > 0 {
			l.backend.upstream.retried(&x.Attempts[i-1])
		}
	}
}

// lane returns the counters towards a backend, nil when it cannot be counted.
func (r *Route) lane(key backendKey) *lane {
	if l := (*r.lanes.Load())[key]; l != nil {
		return l
	}
	if all := r.reg.full.Load(); all != nil && (*all)[key] == nil {
		return nil
	}
	return r.reg.lane(r, key)
}

// addLane makes the counters towards b unless they exist. Registry.mu is held.
func (r *Route) addLane(key backendKey, b *backend) *lane {
	old := *r.lanes.Load()
	if l := old[key]; l != nil {
		return l
	}
	l := &lane{backend: b, cells: make([]laneCell, min(r.reg.shards, maxLaneShards))}
	next := maps.Clone(old)
	next[key] = l
	r.lanes.Store(&next)
	return l
}

// dropLanes removes the counters towards backends that are gone. Registry.mu is held.
func (r *Route) dropLanes(gone func(backendKey) bool) {
	next := maps.Clone(*r.lanes.Load())
	maps.DeleteFunc(next, func(k backendKey, _ *lane) bool { return gone(k) })
	r.lanes.Store(&next)
}

// addBytes adds n. It skips zero, which saves a write to memory.
func addBytes(c *atomic.Uint64, n int64) {
	if n > 0 {
		c.Add(uint64(n))
	}
}
