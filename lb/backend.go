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

const (
	Success        Outcome = iota // the backend answered, whatever the status
	ConnectFailure                // no connection could be made, or it broke before any answer
	Failure                       // another failure of the backend: it does not count towards ejection
	Cancelled                     // no verdict: the client went away, or the verdict was given by Report
)

// Backend is one address of an upstream with the state that all routes share.
// All methods are safe for concurrent use; none of those on the request's path
// allocates or locks.
type Backend struct {
	address string
	index   int

	group  atomic.Pointer[Group]
	ledger atomic.Pointer[ledger] // set by the first NewGroup, then never again

	_        [64]byte // keeps the counters away from the read-mostly fields
	inFlight atomic.Int64
	latency  ewma
	failures atomic.Int64 // consecutive connection failures

	until     atomic.Int64  // unix ns: end of the latest ejection; 0 = never ejected
	since     atomic.Int64  // unix ns: start of the latest ejection
	streak    atomic.Int64  // ejections since the last success: the doubling
	ejections atomic.Uint64 // ejections ever
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
// Begin to now. An attempt whose verdict was already given by Report (a stream
// whose head has arrived) ends as Cancelled.
func (b *Backend) End(o Outcome, took time.Duration, now time.Time) {
	b.inFlight.Add(-1)
	if l := b.ledger.Load(); l != nil {
		l.inFlight.Add(-1)
	}
	b.Report(o, took, now)
}

// Report gives the verdict over an attempt before it ends: for a response that
// is streamed, at its head, so that latency does not measure the body and a
// failure counts at once. took is the time from Begin to now.
func (b *Backend) Report(o Outcome, took time.Duration, now time.Time) {
	switch o {
	case Success:
		b.latency.add(took, now)
		b.succeed(now.UnixNano() - int64(took))
	case ConnectFailure:
		b.latency.raise(took, now)
		if g := b.group.Load(); g != nil {
			g.fail(b, now.UnixNano()-int64(took), now)
		}
	case Failure:
		b.latency.raise(took, now)
	case Cancelled:
	}
}
