package metrics

import (
	"sync/atomic"

	"penstock/exchange"
)

// BackendGauges is the present state of one backend.
type BackendGauges struct {
	Upstream, Address string
	Up                bool   // may be picked; false while ejected
	InFlight          int64  // tries under way
	Active, Idle      int    // connections in use and waiting in the pool
	Waiting           int    // requests that wait for a connection
	Ejections         uint64 // how often it was ejected so far
}

// ProcessGauges is the present state of what exists once. Totals count from the
// start of the process.
type ProcessGauges struct {
	Connections    int    // open client connections
	Resting        int    // of them, those that were quiet for a second and hold next to nothing
	Refused        uint64 // client connections refused so far
	Tunnels        int    // open tunnels
	Generations    int    // snapshots still in use
	AccessLogLines uint64 // access log lines dropped so far
}

// sources are the callbacks that are asked when metrics are written.
type sources struct {
	backends atomic.Pointer[func(emit func(BackendGauges))]
	process  atomic.Pointer[func() ProcessGauges]
	cache    atomic.Pointer[func() exchange.CacheStatus]
	log      atomic.Pointer[func() uint64]
}

// SetBackendGauges sets the callback that emits the state of every backend. It is
// called at each WritePrometheus, maybe by several goroutines at once. Backends that it
// emits are written from the start; one that it emits no longer is written once more
// and then dropped. Without a callback there are no gauges of backends.
func (r *Registry) SetBackendGauges(f func(emit func(BackendGauges))) { r.sources.backends.Store(&f) }

// SetProcessGauges sets the callback for the state of listener, tunnels, snapshots
// and access log, under the same terms.
func (r *Registry) SetProcessGauges(f func() ProcessGauges) { r.sources.process.Store(&f) }

// SetLogDropped sets the callback for how many lines of the process log were dropped so
// far, under the same terms.
func (r *Registry) SetLogDropped(f func() uint64) { r.sources.log.Store(&f) }
