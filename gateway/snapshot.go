package gateway

import (
	"slices"
	"sync/atomic"
	"time"

	"penstock/cache"
	"penstock/config"
	"penstock/headers"
	"penstock/routing"
)

// Snapshot is one generation of the configuration, compiled. It is immutable: a
// request loads the pointer once and lives on that generation to its end, while
// a reload builds the next one beside it.
type Snapshot struct {
	generation uint64
	journeys   atomic.Int64 // requests that live on it
	config     *config.Config

	table     *routing.Table // finds the index of a request's route in routes
	routes    []*route
	upstreams []*pooledUpstream

	maxRequests int64
	maxFields   int
	maxURI      int // bytes of a target
	lastRequest int // number of the request after which a client's connection is closed; zero for none
	perClient   int // open connections of one client; zero for any number
	headerTime  time.Duration
	idleTime    time.Duration     // zero for any time
	bodyIdle    time.Duration     // for answers that no route times
	trusted     *headers.Prefixes // nil when no peer is trusted
	forwarded   bool
	proxyStatus bool
	cacheStatus bool
	http, https []byte            // schemes, as keys spell them
	store       *cache.Store      // nil when no route of any generation has cached
	purgeFrom   *headers.Prefixes // who may send PURGE; nil for nobody
	perRequest  [][]byte          // fields of a request that the gateway writes anew for each
	requestID   []byte            // name of the id's field; nil for none
}

// liveGenerations counts the current snapshot and the retired ones on which a
// request still lives: slow requests pin old ones, and an operator wants to see that.
func (g *Gateway) liveGenerations() int {
	g.reload.Lock()
	defer g.reload.Unlock()
	g.retired = slices.DeleteFunc(g.retired, func(s *Snapshot) bool { return s.journeys.Load() == 0 })
	return 1 + len(g.retired)
}

// longestRequest is how long a request that begins now may still need its
// upstreams when nothing moves: what a retired generation must be left.
func (s *Snapshot) longestRequest() time.Duration {
	longest := time.Second
	for _, r := range s.routes {
		longest = max(longest, r.times.Request, r.times.FirstByte)
	}
	return longest
}
