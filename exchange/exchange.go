package exchange

import (
	"net/netip"
	"sync"
	"time"
)

// Limits of the inline storage. They bound configuration too: a route may not
// have more captured parameters, nor a retry policy more attempts, than fit here.
const (
	MaxParams   = 8  // captured path parameters of one route
	MaxAttempts = 11 // attempts of one request: the first and at most ten retries
	maxIDLength = 128
	maxIdentity = 128 // bytes of a name
)

// Param is one captured piece of the request path.
// Name belongs to the route table; Value points into the request's normalised
// path and is valid until the Exchange is released. It must not be changed.
type Param struct {
	Name  string
	Value []byte
}

// Exchange is the record of one journey. Acquire makes one; the zero value is an empty record
// without a Start. It is owned by the goroutine that serves the request and not safe for
// concurrent use.
type Exchange struct {
	Start    time.Time     // when the request head had been read
	Took     time.Duration // from Start to the end of the response; set by the gateway's finish
	Client   netip.Addr    // the client's address after trusted proxies were resolved
	Peer     netip.Addr    // the address at the other end of the socket; zero on unix sockets
	Trusted  bool          // Peer is one of trusted_proxies
	Route    string        // name of the matched route; "" before and without a match
	Upstream string        // name of the upstream that was chosen; "" when none was
	Params   []Param       // captured path parameters, backed by inline storage
	Attempts []Attempt     // every attempt at a backend in order, backed by inline storage
	Waited   time.Duration // in the waiting room, for all attempts
	Fault    *Fault        // nil when the journey ended well
	Status   int           // status code sent to the client; 0 when nothing was sent
	Received int64         // request body bytes read from the client
	Sent     int64         // response body bytes handed to the client's connection
	Tunnel   bool          // the connection became a tunnel (101)
	Cache    Cached        // what the response cache did

	id       [maxIDLength]byte
	idLen    int
	identity Identity
	params   [MaxParams]Param
	attempts [MaxAttempts]Attempt
}

var pool = sync.Pool{New: func() any { return new(Exchange) }}

// Acquire returns an empty record whose Start is now. The caller must Release it.
func Acquire(now time.Time) *Exchange {
	x := pool.Get().(*Exchange)
	x.Start = now
	x.Params = x.params[:0]
	x.Attempts = x.attempts[:0]
	return x
}

// Release empties the record and gives it back. It is called exactly once; neither x nor a slice
// or pointer from it may be used afterwards.
func (x *Exchange) Release() {
	clear(x.attempts[:len(x.Attempts)])
	clear(x.params[:len(x.Params)])
	clear(x.id[:x.idLen])
	// Field by field: to assign an empty Exchange would write all of the inline storage.
	x.Start, x.Took, x.Waited = time.Time{}, 0, 0
	x.Client, x.Peer, x.Trusted = netip.Addr{}, netip.Addr{}, false
	x.Route, x.Upstream = "", ""
	x.Params, x.Attempts = nil, nil
	x.Fault, x.Status = nil, 0
	x.Received, x.Sent = 0, 0
	x.Tunnel, x.Cache = false, Cached{}
	x.idLen = 0
	x.identity.reset()
	pool.Put(x)
}

// SetID stores a copy of the request's id in the place of an earlier one. Longer ones are cut at
// 128 bytes.
func (x *Exchange) SetID(id []byte) { x.idLen = copy(x.id[:], id) }

// ID returns the request's id; it is valid until Release. Empty before SetID.
func (x *Exchange) ID() []byte { return x.id[:x.idLen] }

// AddParam records a captured path parameter and keeps value without a copy. Beyond MaxParams it
// does nothing; the route table refuses such routes when it is built.
func (x *Exchange) AddParam(name string, value []byte) {
	if len(x.Params) < MaxParams {
		x.Params = append(x.Params, Param{Name: name, Value: value})
	}
}

// Param returns the first value captured under name, which may be empty; nil when there is none.
func (x *Exchange) Param(name string) []byte {
	for i := range x.Params {
		if x.Params[i].Name == name {
			return x.Params[i].Value
		}
	}
	return nil
}

// NextAttempt opens the record of another attempt, with now as its Start. It returns nil, and
// records nothing, once MaxAttempts are used up. The pointer stays valid until Release.
func (x *Exchange) NextAttempt(backend string, now time.Time) *Attempt {
	if len(x.Attempts) == MaxAttempts {
		return nil
	}
	x.Attempts = append(x.Attempts, Attempt{Backend: backend, Start: now})
	return &x.Attempts[len(x.Attempts)-1]
}
