package httpcache

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"penstock/cache"
	"penstock/cache/rfc9111"
	"penstock/ops"
)

// Options are what an Engine is made from. They are not checked; the zero value lacks a Store.
type Options struct {
	Store   *cache.Store     // must not be nil
	Waiters int              // requests that wait for another's fetch at the same time; zero or less means 8192
	Clock   func() time.Time // the wall clock by which responses age; nil means time.Now
	Log     *slog.Logger     // nil discards
	Shared  *Shared          // a tier beyond the store; nil for none
}

// Engine is a response cache. Only New makes one. It is safe for concurrent use; each Transaction
// is one goroutine's.
type Engine struct {
	store   *cache.Store
	flights *cache.Flights
	clock   clock
	log     *slog.Logger
	buffers sync.Pool      // of bodies that pass through
	fetches sync.WaitGroup // refreshes and detached fills
	running atomic.Int64   // their number
	shared  *sharedTier    // nil for none
	uses    uses           // of variants
	listing sync.Mutex     // orders those who change the list of a vary record

	http, https []byte // schemes, as keys spell them
}

// New makes an engine over a store. It never fails and starts nothing; call Shutdown in the end.
func New(o Options) *Engine {
	e := &Engine{
		store: o.Store, flights: cache.NewFlights(cache.FlightOptions{Waiters: o.Waiters, Store: o.Store}),
		clock: clock{o.Clock}, log: o.Log, http: []byte("http"), https: []byte("https"),
	}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	e.shared = newSharedTier(o.Shared, o.Store, e.clock)
	e.buffers.New = func() any { return new([transferSize]byte) }
	return e
}

// Ends of a fetch that are no fault of the origin's.
var (
	errLookAgain   = errors.New("the stored response was revalidated: look it up again")
	errServerError = errors.New("the origin sent a server error")
)

// clock is the wall clock that stored responses age by.
type clock struct{ now func() time.Time } // nil means time.Now

// instant is the present.
func (c clock) instant() rfc9111.Instant {
	if c.now != nil {
		return rfc9111.At(c.now())
	}
	return rfc9111.At(time.Now())
}

// begunAt is the present of a request that was read at start, which saves reading the clock.
func (c clock) begunAt(start time.Time) rfc9111.Instant {
	if c.now != nil {
		return c.instant()
	}
	return rfc9111.At(start)
}

// scheme returns a scheme as keys spell it.
func (e *Engine) scheme(name string) []byte {
	if name == "https" {
		return e.https
	}
	return e.http
}

// Describe writes the state of the store and of the flights into s, and adds the purges to
// s.Purges. It leaves the fields that Saver.Describe writes.
func (e *Engine) Describe(s *ops.CacheStatus) {
	all := e.store.Stats()
	s.ConfiguredBytes, s.UsedBytes, s.OverheadBytes = all.ConfiguredBytes, all.UsedBytes, all.OverheadBytes
	s.Records, s.Evictions = all.Records, all.EvictedTotal
	s.Hits, s.Misses = all.Hits(), all.Misses()
	s.Vanished, s.Damaged, s.Collisions = all.Vanished, all.Damaged, all.Collisions
	for _, n := range all.Purges {
		s.Purges += n
	}
	s.Flights, s.Waiters, s.Background = e.flights.Flying(), e.flights.Waiting(), e.running.Load()
}

// background runs a refresh or a detached fill on a goroutine of its own.
func (e *Engine) background(run func()) {
	e.running.Add(1)
	e.fetches.Go(func() {
		defer e.running.Add(-1)
		run()
	})
}

// Shutdown waits for background fetches, refreshes and detached fills, until ctx is done. Then
// it calls cut, once, which must make their origins fail, and waits for the rest without limit. Call
// it when no more requests come.
func (e *Engine) Shutdown(ctx context.Context, cut func()) {
	ended := make(chan struct{})
	go func() {
		e.fetches.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
		cut()
		<-ended
	}
}
