package gateway

import (
	"sync/atomic"
	"time"

	"penstock/config"
	"penstock/headers"
	"penstock/httpcache"
	"penstock/resource"
	"penstock/routing"
	"penstock/upstream"
)

// Snapshot is one generation of the configuration, compiled. It is immutable but for
// the count of its users: a request loads the pointer once and lives on that generation
// to its end, while a reload builds the next one beside it.
type Snapshot struct {
	generation uint64
	config     *config.Config

	users     atomic.Int64 // requests that live on it, and one more while it is in force
	ended     atomic.Bool  // the last user has left
	onEnd     func()       // called then
	resources *resource.Generation
	views     []*upstream.View // of all routes; released with the resources

	table     *routing.Table // finds the index of a request's route in routes
	routes    []*route
	upstreams []*pooledUpstream
	byName    map[string]*pooledUpstream

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
	cache       *httpcache.Engine // nil when no route of any generation has cached
	purgeFrom   *headers.Prefixes // who may send PURGE; nil for nobody
	perRequest  [][]byte          // fields of a request that the gateway writes anew for each
	requestID   []byte            // name of the id's field; nil for none
}
