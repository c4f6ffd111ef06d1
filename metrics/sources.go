package metrics

import (
	"sync/atomic"

	"penstock/ops"
)

// sources are the callbacks that are called when metrics are written.
type sources struct {
	upstreams atomic.Pointer[func() []ops.Upstream]
	process   atomic.Pointer[func() ops.Process]
	limits    atomic.Pointer[func() []ops.Route]
	cache     atomic.Pointer[func() ops.CacheStatus]
	log       atomic.Pointer[func() uint64]
}

// SlowEnded counts a transfer that was ended because it was the slowest of too many slow ones of
// all upstreams together; Upstream.SlowEnded counts those of one.
func (r *Registry) SlowEnded() { r.slowEnded.Add(1) }

// SetUpstreams sets the callback that returns the state of every backend. It is called
// at each WritePrometheus, possibly by several goroutines at once. Backends that it returns
// are written from the start; one that it returns no longer is written once more and
// then dropped. Without a callback there are no gauges of backends. f must not be nil; a later call
// replaces it.
func (r *Registry) SetUpstreams(f func() []ops.Upstream) { r.sources.upstreams.Store(&f) }

// SetRateLimits sets the callback that returns the routes with rate limits and the state of these.
// It is called at each WritePrometheus, possibly by several goroutines at once, and must not be nil.
// Without it there are no series of limits.
func (r *Registry) SetRateLimits(f func() []ops.Route) { r.sources.limits.Store(&f) }

// SetProcess sets the callback for the state of listener, tunnels, configurations and access log.
// It is called at each WritePrometheus, possibly by several goroutines at once, and must not be nil.
// Without it these series are missing.
func (r *Registry) SetProcess(f func() ops.Process) { r.sources.process.Store(&f) }

// SetLogDropped sets the callback for how many lines of the process log were dropped so far. It is
// called at each WritePrometheus, possibly by several goroutines at once, and must not be nil.
// Without it the series is missing.
func (r *Registry) SetLogDropped(f func() uint64) { r.sources.log.Store(&f) }
