package lb

import (
	"sync/atomic"
	"time"
)

// Endpoint is one address as discovery emits it.
type Endpoint struct {
	Address string // "ip:port", "[ip6]:port" or "unix:/path"
	Host    string // the host of the configured entry it came from, for SNI and display; "" for a unix socket
	Weight  int    // share among its peers; 0 drains it
	Backup  bool   // used only when the rest is down
}

// Outcome is the caller's verdict over one attempt.
type Outcome uint8

// The outcomes. Latency is sampled by Success only: every other verdict can make
// a backend look slower, never faster.
const (
	Success        Outcome = iota // a response that does not count as failed
	ServerError                   // a response that counts as failed: its status says so, or it is not valid
	ConnectFailure                // no connection could be set up, or a new one ended before any byte of a response
	Timeout                       // no response within its time
	Cut                           // a response ended or fell silent before its end, or a reused connection before it began
	Cancelled                     // no verdict: not the backend's doing, or the verdict was given by Report
)

// Backend is one address of an upstream with the state that all routes share.
// All methods are safe for concurrent use; none of those on the request's path
// allocates or locks.
type Backend struct {
	address string
	index   int

	group  atomic.Pointer[Group]
	ledger atomic.Pointer[ledger] // set by the first NewGroup, then never again

	_          [64]byte // keeps the counters away from the read-mostly fields
	inFlight   atomic.Int64
	latency    ewma
	failures   atomic.Int64 // consecutive connection failures
	unanswered atomic.Int64 // consecutive attempts of any failing outcome without a response

	until     atomic.Int64  // unix ns: end of the latest ejection; 0 = never ejected
	since     atomic.Int64  // unix ns: start of the latest ejection
	streak    atomic.Int64  // ejections since the last success: the doubling
	ejections atomic.Uint64 // ejections ever

	failing   atomic.Int64  // unix ns: since when it fails without being ejected; 0 = it does not
	cause     atomic.Uint32 // the Outcome that led to the latest ejection or failing
	recovered atomic.Int64  // unix ns: when it last ceased to fail; 0 = never
	_         [64]byte
}

// NewBackend makes a healthy backend. The index is the caller's own number for
// it (a slot in a table of clients, say) and stays the same for its whole life.
func NewBackend(address string, index int) *Backend {
	return &Backend{address: address, index: index}
}

// Address returns the address as given to NewBackend.
func (b *Backend) Address() string { return b.address }

// Index returns the caller's number as given to NewBackend.
func (b *Backend) Index() int { return b.index }

// InFlight returns how many attempts have begun and not ended, over all routes.
func (b *Backend) InFlight() int64 { return b.inFlight.Load() }

// Latency returns the moving average that the latency method uses, as of the
// last sample. Zero means that no sample has been taken yet.
func (b *Backend) Latency() time.Duration { return b.latency.value() }

// Ejections returns how often the backend has been ejected in its life.
func (b *Backend) Ejections() uint64 { return b.ejections.Load() }

// Begin counts an attempt as in flight. Each Begin needs exactly one End. The
// backend must be a member of a group by then.
func (b *Backend) Begin() {
	b.inFlight.Add(1)
	if l := b.ledger.Load(); l != nil {
		l.inFlight.Add(1)
	}
}

// End gives back what Begin took and reports the outcome. took is the time from
// Begin to the response, or to the failure. An attempt whose verdict was already
// given by Report (a stream whose head has arrived) ends as Cancelled, or as Cut
// when the backend did not send the rest.
func (b *Backend) End(o Outcome, took time.Duration, now time.Time) {
	b.inFlight.Add(-1)
	if l := b.ledger.Load(); l != nil {
		l.inFlight.Add(-1)
	}
	b.Report(o, took, now)
}

// Report gives the verdict over an attempt before it ends: for a response that
// is streamed, at its head, so that latency does not measure the body and a
// failure counts at once. took is as for End.
func (b *Backend) Report(o Outcome, took time.Duration, now time.Time) {
	began := now.UnixNano() - int64(took)
	switch o {
	case Success:
		b.latency.add(took, now)
		if l := b.ledger.Load(); l != nil {
			l.latency.add(took, now)
		}
		b.responded(began, now)
	case ServerError:
		b.penalise(took, now)
		b.responded(began, now) // it can be reached
	case ConnectFailure, Timeout:
		b.penalise(took, now)
		b.failed(o, began, now)
	case Cut:
		b.penalise(0, now) // the time that a body took says nothing of the backend's speed
		b.failed(o, began, now)
	case Cancelled:
	}
}

// penalise makes a backend that failed look at least twice as slow as its upstream
// is, and as slow as the failure was: one that fails fast must not attract the
// requests of those that work. The measure is the same peak-sensitive average that
// they are compared by: by a median, a single slow response of a good backend would
// make the failing one look better.
func (b *Backend) penalise(took time.Duration, now time.Time) {
	if l := b.ledger.Load(); l != nil {
		usual, _ := l.latency.at(now.UnixNano())
		took = max(took, 2*time.Duration(usual))
	}
	b.latency.raise(took, now)
}
