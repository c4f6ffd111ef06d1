package metrics

import (
	"sync/atomic"
	"time"

	"penstock/exchange"
	"penstock/ops"
)

// CacheNames are the label values of the numbers in exchange.Cached. Numbers
// without a name count as "other". The slices must not change after CountCache.
type CacheNames struct {
	Forwards []string // by Forward; the first, for requests that were not forwarded, is not written
	Refusals []string // by Refusal; the first is for stored responses
}

// routeCache counts what the cache did for one route.
type routeCache struct {
	names    CacheNames
	refusals int // index of the first refusal in a shard; the forwards come before it
	served   int // index of the bytes in a shard, after the refusals
	shards   [][]atomic.Uint64
	fills    durations
	timed    atomic.Bool // the histogram of fills has been written
}

// outcomes is the index of the first forward in a shard.
var outcomes = exchange.CacheOutcomes()

func newRouteCache(names CacheNames, shards int) *routeCache {
	const line = 8 // counters of a cache line, which separate the last one from the next shard
	c := &routeCache{names: names, shards: make([][]atomic.Uint64, shards)}
	c.refusals = outcomes + len(names.Forwards) + 1
	c.served = c.refusals + len(names.Refusals) + 1
	each := (c.served+line)/line*line + line
	all := make([]atomic.Uint64, shards*each)
	for i := range c.shards {
		c.shards[i] = all[i*each : (i+1)*each]
	}
	return c
}

// CountCache makes the route's series of the cache, which last until Retain drops the
// route. Only the names of the first call are used.
func (r *Route) CountCache(names CacheNames) {
	if r.cache.Load() == nil {
		r.cache.CompareAndSwap(nil, newRouteCache(names, r.reg.shards))
	}
}

// Filled records how long a fetch took whose response was stored, from the request
// to the origin to the last byte. It does nothing before CountCache.
func (r *Route) Filled(took time.Duration) {
	if c := r.cache.Load(); c != nil {
		c.fills.observe(took)
	}
}

// Judged records whether the response of a background fetch was stored, as
// exchange.Cached.Refusal; zero means that it was. It does nothing before CountCache.
func (r *Route) Judged(refusal uint8) {
	if c := r.cache.Load(); c != nil {
		c.shards[0][c.refusalAt(refusal)].Add(1)
	}
}

// observe counts the cache's part in x, whose bytes count as served when the
// origin did not send them for it.
func (c *routeCache) observe(x *exchange.Exchange, shard uint) {
	s := c.shards[shard&uint(len(c.shards)-1)]
	s[x.Cache.Outcome].Add(1)
	if f := int(x.Cache.Forward); f > 0 {
		s[outcomes+min(f, len(c.names.Forwards))].Add(1)
	}
	if x.Cache.Judged {
		s[c.refusalAt(x.Cache.Refusal)].Add(1)
	}
	if !asksOrigin(x.Cache.Outcome) {
		addBytes(&s[c.served], x.Sent)
	}
}

func (c *routeCache) refusalAt(refusal uint8) int {
	return c.refusals + min(int(refusal), len(c.names.Refusals))
}

// asksOrigin reports whether the client's body came from the origin for it alone.
func asksOrigin(o exchange.CacheOutcome) bool {
	return o == exchange.CacheOff || o == exchange.CacheMiss || o == exchange.CacheBypass
}

// at adds one counter over the shards.
func (c *routeCache) at(i int) (n uint64) {
	for _, s := range c.shards {
		n += s[i].Load()
	}
	return n
}

// outcome returns the number of requests with this outcome.
func (c *routeCache) outcome(o exchange.CacheOutcome) uint64 { return c.at(int(o)) }

// forwards calls f with every reason for which requests were forwarded.
func (c *routeCache) forwards(f func(name string, n uint64)) {
	for i := 1; i <= len(c.names.Forwards); i++ {
		if n := c.at(outcomes + i); n > 0 {
			f(nameOf(c.names.Forwards, i), n)
		}
	}
}

// judged calls f with the number of stored responses and with every refusal that occurred.
func (c *routeCache) judged(f func(name string, n uint64)) {
	for i := range len(c.names.Refusals) + 1 {
		if n := c.at(c.refusals + i); n > 0 || i == 0 {
			f(nameOf(c.names.Refusals, i), n)
		}
	}
}

func nameOf(names []string, i int) string {
	if i < len(names) {
		return names[i]
	}
	return "other"
}

// CacheCounts returns the counts for ops.CacheStatus, in maps of the caller's own; before CountCache
// it returns the zero value and false.
func (r *Route) CacheCounts() (counts ops.CacheRoute, ok bool) {
	c := r.cache.Load()
	if c == nil {
		return counts, false
	}
	counts = ops.CacheRoute{
		Route: r.name, Requests: map[string]uint64{}, Forwarded: map[string]uint64{}, Stored: map[string]uint64{},
		ServedBytes: c.at(c.served),
	}
	var all, spared uint64
	for o := exchange.CacheOff + 1; int(o) < outcomes; o++ {
		n := c.outcome(o)
		counts.Requests[o.String()] = n
		all += n
		if !asksOrigin(o) {
			spared += n
		}
	}
	if all > 0 {
		counts.HitRatio = float64(spared) / float64(all)
	}
	c.forwards(func(name string, n uint64) { counts.Forwarded[name] = n })
	c.judged(func(name string, n uint64) { counts.Stored[name] = n })
	return counts, true
}
