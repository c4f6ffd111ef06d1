package gateway

import (
	"runtime"
	"sync/atomic"
	"time"

	"penstock/config"
	"penstock/headers"
)

// Snapshot is one generation of the configuration, compiled. It is immutable: a
// request loads the pointer once and lives on that generation to its end, while
// a reload builds the next one beside it.
type Snapshot struct {
	generation uint64
	config     *config.Config

	matcher   *matcher
	routes    []*route
	upstreams []*pooledUpstream

	maxRequests int64
	bodyIdle    time.Duration     // for answers that no route times
	trusted     *headers.Prefixes // nil when no peer is trusted
	forwarded   bool
	proxyStatus bool
	requestID   []byte // name of the id's field; nil for none
}

// countGeneration keeps live equal to the number of snapshots that are still
// reachable: slow requests pin old ones, and an operator wants to see that.
func countGeneration(s *Snapshot, live *atomic.Int64) {
	live.Add(1)
	runtime.AddCleanup(s, func(n *atomic.Int64) { n.Add(-1) }, live)
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
