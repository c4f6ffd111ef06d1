package gateway

import (
	"sync/atomic"

	"penstock/config"
	"penstock/downstream"
	"penstock/downstream/h1"
	"penstock/headers"
	"penstock/httpcache"
	"penstock/policy"
	"penstock/resource"
	"penstock/routing"
	"penstock/upstream"
)

// limits bound what clients may do.
type limits struct {
	requests  int64             // in flight
	buffered  int64             // bytes of request bodies that are read before a backend is chosen
	head      downstream.Limits // of a request head
	perClient int               // open connections of one client; zero for any number
	client    h1.Limits         // of a client's connection; BodyIdle also times responses that no route does
}

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

	limits      limits
	trusted     *headers.Prefixes // nil when no peer is trusted
	forwarded   bool
	proxyStatus bool
	cacheStatus bool
	http, https []byte            // schemes, as keys spell them
	cache       *httpcache.Engine // nil when no route of any generation has cached
	entry       *policy.Plan      // what acts on requests before their route is known
	perRequest  [][]byte          // fields of a request that the gateway writes anew for each
	fair        fairness          // between the clients of requests that wait
	requestID   []byte            // name of the id's field; nil for none
}
