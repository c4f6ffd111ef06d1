package gateway

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"penstock/accesslog"
	"penstock/conn"
	"penstock/headers"
	"penstock/metrics"
	"penstock/tunnel"
)

// proxy is what the steps of a journey share: it serves requests by the current snapshot.
// It knows no listener and no reload; those are the Gateway's.
type proxy struct {
	instance  string // in CDN-Loop: an id of this process, by which a request that comes back is known
	log       *slog.Logger
	now       func() time.Time
	started   time.Time        // before the first request
	clock     func() time.Time // by which stored responses age; nil means time.Now
	access    *accesslog.Log
	unmatched *metrics.Route

	current   atomic.Pointer[Snapshot]
	inflight  atomic.Int64
	perClient clientCounts
	stopping  chan struct{} // closed when requests that wait are to end
	tunnels   *tunnel.Registry
	rooms     *roomKeeper

	journeys  sync.Pool
	outbounds sync.Pool
	bodies    bodyBuffers
	slow      *conn.SlowLimit // of transfers that are slow because of their clients: half of limits.requests
}

// Sizes and times that the configuration does not set.
const (
	smallBody     = 64 << 10 // request bodies up to this are read whole, and so can be sent again
	maxKeptBuffer = 64 << 10 // larger buffers are not kept for the next request
)

// trim empties buf, or drops it when it grew beyond what is worth keeping.
func trim(buf []byte) []byte {
	if cap(buf) > maxKeptBuffer {
		return nil
	}
	return buf[:0]
}

// listed reports whether the list holds name; ASCII case does not matter.
func listed(name []byte, names [][]byte) bool {
	for _, n := range names {
		if headers.SameName(name, n) {
			return true
		}
	}
	return false
}
