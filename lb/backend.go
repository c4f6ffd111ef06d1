package lb

import (
	"sync/atomic"
	"time"
)

// Endpoint is one address as discovery emits it. Package upstream uses the Address only: weight
// and backup are those of the configured entry.
type Endpoint struct {
	Address string // "ip:port", "[ip6]:port" or "unix:/path"
	Host    string // the host of the configured entry it came from, for SNI and display; "" for a unix socket
	Weight  int    // share among its peers; 0 drains it
	Backup  bool   // used only when the rest is down
}

// Outcome is the caller's verdict over one attempt. Its zero value is Success.
type Outcome uint8

// The outcomes. Latency is sampled by Success only: every other verdict can make
// a backend look slower, never faster.
const (
	Success        Outcome = iota // a response that does not count as failed
	ServerError                   // a response that counts as failed: its status says so, or it is not valid
	Unavailable                   // the same, and it says that the backend cannot serve at all
	ConnectFailure                // no connection could be set up, or a new one ended before any byte of a response
	Timeout                       // no response within its time
	Cut                           // a response ended or fell silent before its end, or a reused connection before it began
	Cancelled                     // no verdict: not the backend's doing, or the verdict was given by Report
	Abandoned                     // the client left while the backend had the request: no verdict, but so long a wait
)

// Backend is one address of an upstream with the state that all routes share. It is made
// by NewBackend and must not be copied. All methods are safe for concurrent use. Begin never
// locks. End and Report lock only for a failure, for a success of a backend that is ejected or
// failing, and when a look at the whole group ejects a member.
type Backend struct {
	address string
	index   int

	group  atomic.Pointer[Group]
	ledger atomic.Pointer[ledger] // set by the first NewGroup, then never again

	_          [64]byte // keeps the counters away from the read-mostly fields
	inFlight   atomic.Int64
	transfers  atomic.Int64 // of those in flight, see BeginTransfer
	latency    ewma
	failures   atomic.Int64              // consecutive failures but ServerError
	unanswered atomic.Int64              // consecutive attempts of any failing outcome without a response
	failing    atomic.Int64              // unix ns: since when it fails without being ejected; 0 = it does not
	nextErrors atomic.Int64              // unix ns: when its share of failures may be looked at again
	window     window                    // its attempts since it was last ejected or returned
	durations  atomic.Pointer[durations] // of its responses since then; nil unless a group needs them

	_        [64]byte                // what follows is read by every pick
	until    atomic.Int64            // unix ns: end of the pause of its ejection, and beginning of its trial; 0 = not ejected
	trial    atomic.Int64            // unix ns: when the attempt on trial was picked; 0 = there is none
	barred   atomic.Uint32           // what keeps it from being picked: bits
	warm     atomic.Int64            // unix ns: when its slow start began; 0 = never
	returned atomic.Int64            // unix ns: attempts that began before say nothing any more
	breaker  atomic.Pointer[breaker] // nil unless a group has needed it
	silence  silence                 // of look only
	past     past
}

// NewBackend makes a healthy backend, which belongs to no group yet. Neither argument is
// checked. The index is the caller's own number for it (a slot in a table of clients, say)
// and stays the same for its whole life.
func NewBackend(address string, index int) *Backend {
	return &Backend{address: address, index: index}
}

// Address returns the address as given to NewBackend.
func (b *Backend) Address() string { return b.address }

// Index returns the caller's number as given to NewBackend.
func (b *Backend) Index() int { return b.index }

// InFlight returns how many attempts have begun and not ended, over all routes.
func (b *Backend) InFlight() int64 { return b.inFlight.Load() }

// Latency returns the moving average that the latency method uses, as of the last sample: it
// does not fade with the time since. Failed attempts can raise it. Zero means that no sample has
// been taken yet.
func (b *Backend) Latency() time.Duration { return b.latency.value() }

// Begin counts an attempt as in flight. Each Begin needs exactly one End. The backend must
// be a member of a group by then, or its group counts the End without the Begin.
func (b *Backend) Begin() {
	b.inFlight.Add(1)
	if l := b.ledger.Load(); l != nil {
		l.inFlight.Add(1)
	}
}

// End ends what Begin began and reports the outcome as Report does. took is the time from
// Begin to the response, or to the failure; zero or less is no sample of latency. An attempt
// whose verdict was already given by Report (a stream whose head has arrived) ends as Cancelled,
// or as Cut when the backend did not send the rest.
func (b *Backend) End(o Outcome, took time.Duration, now time.Time) {
	b.inFlight.Add(-1)
	if l := b.ledger.Load(); l != nil {
		l.inFlight.Add(-1)
	}
	b.Report(o, took, now)
}

// Report gives the verdict over an attempt before it ends: for a response that
// is streamed, at its head, so that latency does not measure the body and a
// failure counts at once. took is as for End, which must still follow. It may call
// EjectOptions.OnChange, for b or another member.
func (b *Backend) Report(o Outcome, took time.Duration, now time.Time) {
	began := now.UnixNano() - int64(took)
	switch o {
	case Success:
		l := b.ledger.Load()
		b.latency.add(took, now)
		if l != nil {
			l.latency.add(took, now)
		}
		b.succeeded(l, took, now)
		b.trip(false, began, now)
	case ServerError, Unavailable:
		b.penalise(took, now)
		b.responded(o, began, now)
		b.failed(o, began, now)
		b.trip(true, began, now)
	case ConnectFailure, Timeout:
		b.penalise(took, now)
		b.failed(o, began, now)
		b.trip(true, began, now)
	case Cut:
		b.penalise(0, now) // the time that a body took says nothing of the backend's speed
		b.failed(o, began, now)
		b.trip(true, began, now)
	case Abandoned:
		b.waited(took, now)
		b.trialCancelled(began)
	case Cancelled:
		b.trialCancelled(began)
	}
}

// waited raises the latency to a time in which no response came, if it was below. A client that
// leaves is no proof of a failure: counted as one, clients that mean harm could eject any
// backend. But without it a backend that hangs, whose clients all lose patience before its
// timeout, keeps the latency of its last good response. A client can raise the latency no more
// than by waiting for a response that takes as long.
func (b *Backend) waited(took time.Duration, now time.Time) {
	if _, known := b.latency.at(now.UnixNano()); !known {
		l := b.ledger.Load()
		if l == nil {
			return
		}
		if usual, known := l.latency.at(now.UnixNano()); !known || float32(took) < usual {
			return // as a first sample, a short wait would make the backend look fast
		}
	}
	b.latency.raise(took, now)
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
