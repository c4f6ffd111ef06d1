package gateway

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"penstock/accesslog"
	"penstock/cache"
	"penstock/metrics"
	"penstock/tunnel"
)

// proxy is what the steps of a journey share: it serves requests by the current snapshot.
// It knows no listener and no reload; those are the Gateway's.
type proxy struct {
	name      string // our pseudonym in Via and CDN-Loop, unique to this process
	log       *slog.Logger
	now       func() time.Time
	clock     func() time.Time // by which stored responses age; nil means time.Now
	access    *accesslog.Log
	unmatched *metrics.Route

	current   atomic.Pointer[Snapshot]
	inflight  atomic.Int64
	perClient clientCounts
	tunnels   *tunnel.Registry

	journeys  sync.Pool
	outbounds sync.Pool
	pieces    sync.Pool // of bodies that pass through the cache

	store   *cache.Store // nil until a route caches; then for ever
	flights *cache.Flights
	fetches sync.WaitGroup // background fetches: refreshes and detached fills
}

// newProxy returns a proxy without a snapshot.
func newProxy(name string, o *Options) *proxy {
	p := &proxy{
		name: name, log: o.Log, now: o.Now, clock: o.Clock, access: o.Access,
		unmatched: o.Metrics.Route(""), tunnels: tunnel.NewRegistry(),
	}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	if p.now == nil {
		p.now = time.Now
	}
	p.journeys.New = p.newJourney
	p.outbounds.New = func() any { return new(outbound) }
	p.pieces.New = func() any { return new([followPiece]byte) }
	return p
}
