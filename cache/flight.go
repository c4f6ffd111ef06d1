package cache

import (
	"errors"
	"hash/maphash"
	"sync"
	"sync/atomic"
)

const (
	defaultWaiters     = 8192
	defaultFlights     = 8192
	defaultFanoutBytes = 64 << 20
	flightShards       = 64
	fanoutWindow       = 32 // segments of a fanout that are kept for followers
)

// Errors of a flight, as its followers see them.
var (
	// ErrAbandoned says that the leader left without an end, failed without an error, or
	// declined the response within its body.
	ErrAbandoned = errors.New("cache: the fetch that was waited for was abandoned")
	// ErrBehind says that the bytes that a follower wants next are no longer kept.
	ErrBehind = errors.New("cache: the follower is slower than the fetch, and its next bytes are no longer kept")
	// ErrWait says that the done channel of the follower's call was closed before the fetch
	// brought what the follower waited for. The fetch goes on.
	ErrWait = errors.New("cache: gave up waiting for the fetch that was followed")
)

// Flights let requests that miss the same key wait for one fetch. They know
// keys and bytes, not where the bytes come from. Only NewFlights makes one; the zero
// value panics. Safe for concurrent use.
type Flights struct {
	store                    *Store
	waiters, flights, memory int64
	waiting, flying, held    atomic.Int64 // held: bytes of fanouts

	seed   maphash.Seed
	shards [flightShards]flightShard
}

type flightShard struct {
	mu sync.Mutex
	m  map[string]*flight
}

// FlightOptions bound a Flights. The zero value is valid; a negative number counts as zero.
type FlightOptions struct {
	Waiters int    // followers at the same time; zero means 8192
	Flights int    // fetches at the same time that may be joined; zero means 8192
	Store   *Store // a flight that began before a purge of its key is joined no more; nil joins it
	Memory  int    // bytes that are kept for followers; above it a flight keeps its last 16 KiB only; zero means 64 MiB
}

// NewFlights makes an empty Flights. It never fails.
func NewFlights(o FlightOptions) *Flights {
	f := &Flights{store: o.Store, waiters: defaultWaiters, flights: defaultFlights, memory: defaultFanoutBytes, seed: maphash.MakeSeed()}
	if o.Waiters > 0 {
		f.waiters = int64(o.Waiters)
	}
	if o.Flights > 0 {
		f.flights = int64(o.Flights)
	}
	if o.Memory > 0 {
		f.memory = int64(o.Memory)
	}
	for i := range f.shards {
		f.shards[i].m = map[string]*flight{}
	}
	return f
}

// Join enters the flight of a key, without waiting. The first caller gets a Leader, fetches, and
// must end it with one of Finish, Decline, Fail and Abandon. The others get a Follower and must
// call its Leave. The other result is nil. Above the bounds of FlightOptions both are nil: fetch
// alone. k is copied.
func (f *Flights) Join(k Key) (*Leader, *Follower) {
	shard := f.shard(k)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	fl := f.current(shard, k)
	if fl == nil {
		return f.begin(shard, k), nil
	}
	if f.waiting.Add(1) > f.waiters {
		f.waiting.Add(-1)
		return nil, nil
	}
	fl.mu.Lock()
	defer fl.mu.Unlock()
	return nil, fl.follow()
}

// Lead is Join for those who would not wait, such as a revalidation in the
// background: nil when another fetches already or there are too many flights. The leader
// must be ended as in Join.
func (f *Flights) Lead(k Key) *Leader {
	shard := f.shard(k)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	if f.current(shard, k) != nil {
		return nil
	}
	return f.begin(shard, k)
}

// current returns the flight of a key that may be joined, nil when there is none. One that
// began before a purge of its key leaves the table: those that follow it go on, and
// a request that came after the purge causes another fetch. The caller holds the shard.
func (f *Flights) current(shard *flightShard, k Key) *flight {
	fl := shard.m[string(k.raw)]
	if fl == nil || f.store == nil || !f.store.purgedSince(k, fl.began) {
		return fl
	}
	delete(shard.m, fl.key)
	f.flying.Add(-1)
	return nil
}

// begin makes a flight within the bounds. The caller holds the shard.
func (f *Flights) begin(shard *flightShard, k Key) *Leader {
	if f.flying.Add(1) > f.flights {
		f.flying.Add(-1)
		return nil
	}
	fl := &flight{shard: shard, key: string(k.raw), changed: make(chan struct{})}
	if f.store != nil {
		fl.began = f.store.Clock()
	}
	fl.room = sync.NewCond(&fl.mu)
	fl.fanout.flights, fl.fanout.readers = f, 1
	shard.m[fl.key] = fl
	return &Leader{flight: fl}
}

func (f *Flights) shard(k Key) *flightShard {
	return &f.shards[maphash.Bytes(f.seed, k.raw)%flightShards]
}

// Waiting returns how many followers have not left, without those of Leader.Follow.
func (f *Flights) Waiting() int64 { return f.waiting.Load() }

// Flying returns how many fetches may be joined.
func (f *Flights) Flying() int64 { return f.flying.Load() }

// Held returns the bytes that all flights keep in memory for followers.
func (f *Flights) Held() int64 { return f.held.Load() }

// FlightState is how far a flight is.
type FlightState uint8

// The states of a flight. Only Waiting and Streaming change.
const (
	Waiting   FlightState = iota // no head yet
	Streaming                    // the head is there, the body comes
	Complete                     // the body is complete
	Declined                     // the response is the leader's alone: fetch for yourself
	Failed                       // the leader got no response, or not all of it
	flightStates
)

var flightText = [flightStates]string{
	Waiting: "waiting", Streaming: "streaming", Complete: "complete", Declined: "declined", Failed: "failed",
}

// String returns the name that metrics and logs use. It panics for a number that is no state.
func (s FlightState) String() string { return flightText[s] }

// Response is what a leader announces to its followers. They share it: nobody
// changes its bytes any more.
type Response struct {
	Status uint16
	Flags  uint32 // the caller's own
	Size   int64  // of the body in bytes; below 0 is not known yet
	Meta   []byte // as in Fill
	Fields []byte // as in Fill
}

// flight is one fetch and those who wait for it.
type flight struct {
	shard *flightShard
	key   string
	began uint64 // time of the purge clock

	mu       sync.Mutex
	state    FlightState
	response Response
	err      error
	changed  chan struct{} // closed and replaced at each change, if anyone waits
	waited   bool
	fanout   fanout

	readers []*Follower // those who have not left
	own     *Follower   // the leader's own client; nil when it has none, or no longer
	room    *sync.Cond  // on mu: a follower has read on, or left, or is not waited for any more
}

// follow gives a place to one more follower. It is called with mu held.
func (fl *flight) follow() *Follower {
	f := &Follower{flight: fl}
	fl.fanout.readers++
	fl.readers = append(fl.readers, f)
	return f
}

// change runs f and wakes all who wait.
func (fl *flight) change(f func()) {
	fl.mu.Lock()
	defer fl.mu.Unlock()
	f()
	fl.wake()
}

// wake is called with mu held.
func (fl *flight) wake() {
	if fl.waited {
		close(fl.changed)
		fl.changed, fl.waited = make(chan struct{}), false
	}
}

// land takes the flight off the table: whoever comes now looks into the store.
func (fl *flight) land() {
	fl.shard.mu.Lock()
	if fl.shard.m[fl.key] == fl {
		delete(fl.shard.m, fl.key)
		fl.fanout.flights.flying.Add(-1)
	}
	fl.shard.mu.Unlock()
}

// end leaves Waiting or Streaming for good.
func (fl *flight) end(to FlightState, err error) {
	fl.land()
	fl.change(func() { fl.state, fl.err = to, err })
}
