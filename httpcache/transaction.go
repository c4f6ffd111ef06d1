package httpcache

import (
	"fmt"

	"penstock/cache"
	"penstock/cache/rfc9111"
	"penstock/exchange"
	"penstock/headers"
)

// phase is how far a transaction is.
type phase uint8

const (
	idle      phase = iota // no request, or one whose route does not cache
	begun                  // the request was read
	asking                 // the request to the origin is under way
	detaching              // the origin's body will be stored as it comes: it leaves the request
	settled                // what the client gets is decided
	phaseCount
)

var phaseText = [phaseCount]string{idle: "idle", begun: "begun", asking: "asking", detaching: "detaching", settled: "settled"}

func (p phase) String() string { return phaseText[p] }

// role is the part that the cache has in one request.
type role uint8

const (
	roleNone    role = iota // there is no transaction
	rolePass                // the request goes on as it came; the response may still be stored
	roleFill                // the request to the origin is made so that its response can be stored
	roleHead                // a HEAD that went on: its response updates what is stored
	roleChange              // an unsafe method: what is stored may become invalid
	roleBypass              // the store is neither read nor written
	roleRefresh             // no client waits: a response that was served stale is revalidated
)

// Transaction is what the cache knows of one request. The zero value is idle: its route does
// not cache. It belongs to one goroutine, is meant to be used again and again, and keeps its
// memory between requests.
type Transaction struct {
	engine *Engine
	rule   *Rule
	req    Request
	phase  phase
	role   role

	asked    requestFields   // the request's fields, for the rules
	rules    rfc9111.Request // what the rules need of them
	times    times
	keys     keys
	decision rfc9111.Decision
	stored   stored // the stored response, or the one that is being stored

	validates bool            // the request to the origin has the stored validators
	follow    *cache.Follower // the fetch of another request, or of this one, whose body is the response's
	waits     int             // how often it waited for the fetch of another before

	received Received // the origin's response
	answered receivedFields
	fill     fill
	status   cacheStatus

	body    body
	ranges  rfc9111.Ranges
	block   headers.Block // stored fields, while they are edited
	small   []byte        // a followed body that was read whole
	scratch []byte
}

// times are moments of a transaction.
type times struct {
	now  rfc9111.Instant // the present, as of the latest step that took time
	sent rfc9111.Instant // when the origin was asked
	tick uint64          // the store's purge clock at that time
}

// stored is a stored response, or one that is being stored.
type stored struct {
	found bool // it lies in the store; the rest is valid
	entry *cache.Entry
	key   cache.Key // under which entry was found
	meta  rfc9111.Meta
	lines rfc9111.Lines
}

// Begin opens a transaction for a request on a route that caches. It keeps rule, which must not
// be nil, and the slices of req until Reset, which must follow. It never fails, but panics when t
// is not idle.
func (e *Engine) Begin(t *Transaction, rule *Rule, req *Request) {
	t.move(idle, begun)
	t.engine, t.rule, t.req = e, rule, *req
	t.times.now = e.clock.begunAt(req.Record.Start)
	t.readRequest()
}

// move changes the phase. A step in the wrong phase is a mistake of the caller, which would
// otherwise show as the response of another request; the panic ends this request alone.
func (t *Transaction) move(from, to phase) {
	if t.phase != from {
		wrongPhase(t.phase, to)
	}
	t.phase = to
}

// wrongPhase is apart from move so that move is inlined.
func wrongPhase(is, to phase) {
	panic(fmt.Sprintf("httpcache: a transaction that is %v cannot become %v", is, to))
}

// Followed reports whether other requests wait for what this one fetches. It may be called from
// any goroutine between Lookup and Store. Without a fetch that others can join it is false.
func (t *Transaction) Followed() bool {
	return t.fill.lead != nil && t.fill.lead.Followers() > 0
}

// Reset gives back what the transaction holds and makes it idle, from any phase. A fetch that
// others follow and that was not ended fails. Call it once the response has been sent: that of the
// store is in the memory of t.
func (t *Transaction) Reset() {
	if t.phase == idle {
		return
	}
	if t.fill.lead != nil {
		t.fill.lead.Abandon()
	}
	if t.fill.writer != nil {
		cache.ReleaseWriter(t.fill.writer)
	}
	if t.follow != nil {
		t.follow.Leave()
	}
	if t.stored.entry != nil {
		cache.ReleaseEntry(t.stored.entry)
	}
	t.forget()
}

// forget empties t and keeps its memory. It does so in place, a field at a time: to assign a
// new Transaction of 2 KiB costs twice as much.
func (t *Transaction) forget() {
	t.engine, t.rule, t.req = nil, nil, Request{}
	t.phase, t.role = idle, roleNone
	t.asked, t.rules, t.times = requestFields{}, rfc9111.Request{}, times{}
	t.keys.empty()
	t.decision, t.stored = rfc9111.Decision{}, stored{}
	t.validates, t.follow, t.waits = false, nil, 0
	t.received, t.answered = Received{}, receivedFields{}
	t.fill.empty()
	t.status = cacheStatus{}
	t.body.reset()
	t.block.Reset()
	t.small, t.scratch = trim(t.small), trim(t.scratch)
}

// Detaches reports whether the response's body will be stored as it comes, so that StreamFill
// takes it away from the request.
func (t *Transaction) Detaches() bool { return t.phase == detaching }

// Report replaces Cache in the request's record with what the cache did. On an idle transaction
// it does nothing.
func (t *Transaction) Report() {
	if t.role == roleNone {
		return
	}
	t.req.Record.Cache = exchange.Cached{
		Outcome: t.status.outcome, Forward: uint8(t.status.Forward), Judged: t.fill.judged, Refusal: t.fill.refused(),
	}
}

// maxKeptBuffer is the size from which on buffers are not kept for the next request.
const maxKeptBuffer = 64 << 10

// trim empties buf, or drops it when it grew beyond what is worth keeping.
func trim(buf []byte) []byte {
	if cap(buf) > maxKeptBuffer {
		return nil
	}
	return buf[:0]
}
