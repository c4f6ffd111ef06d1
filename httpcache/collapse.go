package httpcache

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"time"

	"penstock/cache"
	"penstock/cache/rfc9111"
	"penstock/exchange"
)

const (
	// maxRejoins is how often a request waits for the fetch of another before it asks for
	// itself. Each time costs no more than one fetch, and none of them its own.
	maxRejoins = 3

	// smallBody is the size up to which a followed body that is complete is read whole.
	smallBody = 64 << 10
)

// collapse makes requests that miss the same key wait for one fetch. Serve means that this one
// got the response of another's; after AskOrigin it asks, and others may follow it if it leads
// a flight.
func (e *Engine) collapse(t *Transaction) (Outcome, *exchange.Fault) {
	until := patience{deadline: t.req.Deadline}
	if t.rule.Wait > 0 {
		until.wait = time.Now().Add(t.rule.Wait)
	}
	for t.waits = range maxRejoins {
		if !t.shares() {
			return AskOrigin, nil
		}
		lead, follow := e.flights.Join(t.keys.key)
		if lead != nil {
			return e.leads(t, lead)
		}
		if follow == nil {
			return AskOrigin, nil // too many wait already
		}
		t.follow = follow
		next, f := e.followUp(t, until)
		switch next {
		case followServed:
			return Serve, nil
		case followRefused:
			return Refuse, f
		}
		outcome, f := e.lookAgain(t)
		if outcome != AskOrigin || next == followAlone {
			return outcome, f
		}
	}
	return AskOrigin, nil
}

// leads makes t the leader of a flight, unless its response was stored since it looked, or is
// in the shared tier.
func (e *Engine) leads(t *Transaction, lead *cache.Leader) (Outcome, *exchange.Fault) {
	t.fill.lead = lead
	if e.find(t); bring(t) {
		e.find(t)
	}
	if t.decision.Use.FromStore() {
		t.fill.fail(errLookAgain)
		return e.useFound(t)
	}
	outcome, f := e.useFound(t)
	if t.role == roleBypass {
		t.fill.fail(errLookAgain)
	}
	return outcome, f
}

// lookAgain looks into the store once the fetch of another is over.
func (e *Engine) lookAgain(t *Transaction) (Outcome, *exchange.Fault) {
	t.follow.Leave()
	t.follow = nil
	e.find(t)
	return e.useFound(t)
}

// shares reports whether the response to another could serve this request: not when each must
// be validated for itself, or is for one client alone.
func (t *Transaction) shares() bool {
	if t.role != roleFill || t.decision.Forward == rfc9111.ForwardRequest {
		return false
	}
	return !t.stored.found || t.stored.meta.Lifetime > 0 && !t.stored.meta.Flags.Has(rfc9111.AlwaysValidate)
}

// followed is what came of waiting for the fetch of another.
type followed uint8

const (
	followServed  followed = iota // the response is written
	followRefused                 // the client gets a fault
	followAgain                   // look again: something else is stored, or being fetched
	followAlone                   // ask the origin
)

// followUp waits for the fetch that t.follow has a place in and serves the request from it.
func (e *Engine) followUp(t *Transaction, until patience) (followed, *exchange.Fault) {
	done, stop := until.start()
	defer stop()
	state, answer, err := t.follow.Wait(done)
	t.times.now = e.clock.instant()
	switch {
	case errors.Is(err, cache.ErrWait) && until.deadlineFirst():
		return followRefused, exchange.Refuse(exchange.OutOfTime)
	case errors.Is(err, cache.ErrWait):
		return followAlone, nil
	case state == cache.Failed:
		return t.followFailed(err)
	case state == cache.Declined:
		return followAlone, nil
	case !t.suits(answer):
		return followAgain, nil
	}
	t.decision = rfc9111.Decide(&t.stored.meta, &t.rules, &t.rule.Policy, t.times.now)
	if !t.decision.Use.FromStore() || answer.Size < 0 && !t.req.Streams {
		return followAlone, nil
	}
	t.stored.lines = answer.Fields
	t.status.say(rfc9111.Handling{Forward: rfc9111.ForwardURIMiss, Collapsed: true, Timed: true, TTL: t.decision.Left})
	t.status.outcome = exchange.CacheCollapsed
	t.serveFollowed(answer)
	return followServed, nil
}

// followFailed lets another one ask, and shares the origin's failure when it fails again: a
// request that waited for two bad responses does not ask for a third. The leader's own bad
// luck is not shared.
func (t *Transaction) followFailed(err error) (followed, *exchange.Fault) {
	if errors.Is(err, errServerError) {
		if t.serveStaleOnError(rfc9111.ServerError, 0) {
			return followServed, nil
		}
		return followAlone, nil
	}
	f, ok := errors.AsType[*exchange.Fault](err)
	switch {
	case ok && f.Source == exchange.Upstream && t.serveStaleOnError(rfc9111.Unreachable, 0):
		return followServed, nil
	case ok && f.Source == exchange.Upstream && t.waits > 0:
		return followRefused, f
	}
	return followAgain, nil
}

// patience says how long a request waits for the fetch of another. Zero times are no bound.
type patience struct {
	deadline time.Time // of the request: then it is refused
	wait     time.Time // then it asks the origin itself
}

// deadlineFirst reports whether the request's time is over before its patience is.
func (p patience) deadlineFirst() bool {
	return p.wait.IsZero() || !p.deadline.IsZero() && p.deadline.Before(p.wait)
}

// start returns a channel that is closed when the request waits no longer; nil when there is no
// bound.
func (p patience) start() (done <-chan struct{}, stop func()) {
	end := p.wait
	if p.deadlineFirst() {
		end = p.deadline
	}
	if end.IsZero() {
		return nil, func() {}
	}
	ctx, cancel := context.WithDeadline(context.Background(), end)
	return ctx.Done(), cancel
}

// serveFollowed serves the request with the response to another: whole when it is complete
// and small, else as it arrives.
func (t *Transaction) serveFollowed(a *cache.Response) {
	entry := t.stored.entry
	entry.Head = cache.Head{Status: a.Status, BodySize: a.Size}
	entry.Kind = cache.Segments
	if t.rules.Conditional() && t.rules.NotModified(&t.stored.meta, &t.stored.lines) {
		t.respond(statusNotModified)
		return
	}
	if a.Size >= 0 && a.Size <= smallBody && t.readFollowed(int(a.Size)) {
		entry.Inline = t.small
	} else {
		t.followBody(a.Size)
	}
	t.respond(int(a.Status))
}

// followBody makes the body of the response that of t.follow.
func (t *Transaction) followBody(size int64) {
	t.body.record = t.req.Record
	t.body.openFollow(t.follow, size, &t.engine.buffers)
}

// readFollowed reads a small body into t.small. When it fails midway the body is sent as it
// comes instead, which makes the failure seen.
func (t *Transaction) readFollowed(size int) bool {
	t.small = slices.Grow(t.small[:0], size)[:size]
	done := 0
	for done < size {
		n, err := t.follow.Read(t.small[done:], nil)
		if err != nil {
			t.follow.Skip(0)
			return false
		}
		done += n
	}
	var none [1]byte
	if _, err := t.follow.Read(none[:], nil); err != io.EOF {
		t.follow.Skip(0)
		return false
	}
	return true
}

// announce passes the head of a response to the followers, with what they need to decide
// whether it also suits their requests: its metadata, and the fields that select it with
// their values.
func (t *Transaction) announce(size int64, w *cache.Writer) {
	dst := t.stored.meta.Append(t.scratch[:0])
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(t.keys.nominated)))
	t.scratch = append(append(dst, t.keys.nominated...), t.keys.values...)
	t.fill.lead.Announce(&cache.Response{Status: uint16(t.stored.meta.Status), Size: size, Meta: t.scratch, Fields: t.fill.lines}, w)
}

// suits reports whether an announced response would be found for this request, were it
// stored. It reads its numbers into t.stored.meta.
func (t *Transaction) suits(a *cache.Response) bool {
	const numbers = rfc9111.MetaSize + 2
	if len(a.Meta) < numbers || !t.stored.meta.Decode(a.Meta[:rfc9111.MetaSize]) {
		return false
	}
	size := int(binary.LittleEndian.Uint16(a.Meta[rfc9111.MetaSize:]))
	nominated, values := a.Meta[numbers:numbers+size], a.Meta[numbers+size:]
	if size == 0 {
		return true
	}
	t.scratch = rfc9111.AppendVariantKey(t.scratch[:0], nominated, &t.asked)
	return string(t.scratch) == string(values)
}

// serveStaleOnError serves the request with the stored response although it is stale, now that
// the origin has failed with status, or without any. It is false when it may not.
func (t *Transaction) serveStaleOnError(how rfc9111.Failure, status int) bool {
	if !t.stored.found {
		return false
	}
	t.times.now = t.engine.clock.instant()
	if !rfc9111.UsableOnError(&t.stored.meta, &t.rules, &t.rule.Policy, how, t.times.now) {
		return false
	}
	return t.serveStored(rfc9111.Handling{
		Forward: rfc9111.ForwardStale, Status: status, Timed: true, TTL: min(t.stored.meta.Left(t.times.now), -1), Detail: "stale-if-error",
	})
}
