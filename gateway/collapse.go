package gateway

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"slices"

	"penstock/cache"
	"penstock/cache/rfc9111"
	"penstock/exchange"
)

// maxRejoins is how often a request waits for another's fetch before it asks for
// itself. Each time costs no more than one fetch, and none of them its own.
const maxRejoins = 3

// Ends of a fetch that are no fault of the origin's.
var (
	errLookAgain   = errors.New("what was stored has been confirmed: look again")
	errServerError = errors.New("the origin answered with a server error")
)

// collapse makes requests that miss the same key wait for one fetch. It returns true
// when this one was answered by another's; else the journey goes on to the origin,
// with j.cache.lead set if others may follow it.
func (g *proxy) collapse(j *journey) (answered bool) {
	c := &j.cache
	for c.waits = range maxRejoins {
		if !c.shares() {
			return false
		}
		lead, follow := g.flights.Join(c.key)
		if lead != nil {
			c.lead = lead
			if g.find(j); c.decision.Use.FromStore() { // it landed between our look and our place
				c.lead.Fail(errLookAgain)
				c.lead = nil
				return g.answerFound(j)
			}
			g.chooseForward(j)
			return false
		}
		if follow == nil {
			return false // too many wait already
		}
		c.follow = follow
		switch g.followUp(j) {
		case followAnswered:
			return true
		case followAlone:
			return g.lookAgain(j)
		}
		if g.lookAgain(j) {
			return true
		}
	}
	return false
}

// lookAgain looks into the store once another's fetch is over.
func (g *proxy) lookAgain(j *journey) (answered bool) {
	c := &j.cache
	c.follow.Leave()
	c.follow = nil
	g.find(j)
	return g.answerFound(j)
}

// shares reports whether another's answer could serve this request: not when each
// must be validated for itself, or is for one client alone.
func (c *caching) shares() bool {
	if c.role != roleAsk || c.decision.Forward == rfc9111.ForwardRequest {
		return false
	}
	return !c.found || c.meta.Lifetime > 0 && !c.meta.Flags.Has(rfc9111.AlwaysValidate)
}

// followed is what came of waiting for another's fetch.
type followed uint8

const (
	followAnswered followed = iota // the client has its answer
	followAgain                    // look again: something else is stored, or being fetched
	followAlone                    // ask the origin
)

// followUp waits for the fetch that c.follow has a place in and answers from it.
func (g *proxy) followUp(j *journey) followed {
	c := &j.cache
	done, stop := g.patience(j)
	defer stop()
	state, answer, err := c.follow.Wait(done)
	c.now = g.instant()
	switch {
	case errors.Is(err, cache.ErrWait):
		g.fail(j, exchange.Refuse(exchange.OutOfTime))
		return followAnswered
	case state == cache.Failed:
		return g.followFailed(j, err)
	case state == cache.Declined:
		return followAlone
	case !c.suits(answer):
		return followAgain
	}
	c.decision = rfc9111.Decide(&c.meta, &c.ask, &c.rule.policy, c.now)
	if !c.decision.Use.FromStore() || answer.Size < 0 && !j.request.Version.Streams() {
		return followAlone
	}
	c.stored = answer.Fields
	c.told = rfc9111.Handling{Forward: rfc9111.ForwardURIMiss, Collapsed: true, Timed: true, TTL: c.decision.Left}
	c.outcome = exchange.CacheCollapsed
	if c.ask.Conditional() && c.ask.NotModified(&c.meta, &c.stored) {
		g.respondFollowed(j, statusNotModified, answer)
		return followAnswered
	}
	g.respondFollowed(j, int(answer.Status), answer)
	return followAnswered
}

// followFailed lets another one try, and shares the origin's failure when it fails
// again: who waited for two bad answers does not go and ask for a third. What was
// the leader's own bad luck is not shared.
func (g *proxy) followFailed(j *journey, err error) followed {
	if errors.Is(err, errServerError) {
		if g.standIn(j, rfc9111.ServerError, 0) {
			return followAnswered
		}
		return followAlone
	}
	f, ok := errors.AsType[*exchange.Fault](err)
	switch {
	case ok && f.Source == exchange.Upstream && g.standIn(j, rfc9111.Unreachable, 0):
		return followAnswered
	case ok && f.Source == exchange.Upstream && j.cache.waits > 0:
		g.fail(j, f)
		return followAnswered
	}
	return followAgain
}

// patience is closed when the request's time is over; nil when it has no limit.
func (g *proxy) patience(j *journey) (done <-chan struct{}, stop func()) {
	limit := j.route.times.Request
	if limit <= 0 {
		return nil, func() {}
	}
	ctx, cancel := context.WithDeadline(context.Background(), j.x.Start.Add(limit))
	return ctx.Done(), cancel
}

// respondFollowed answers with another's response: whole when it is complete and
// small, else as it arrives.
func (g *proxy) respondFollowed(j *journey, status int, a *cache.Response) {
	c := &j.cache
	c.entry.Head = cache.Head{Status: a.Status, BodySize: a.Size}
	c.entry.Kind = cache.Segments
	if status == statusNotModified {
		g.respondStored(j, status)
		return
	}
	if a.Size >= 0 && a.Size <= smallBody && g.readFollowed(j, int(a.Size)) {
		c.entry.Inline = j.small
	} else {
		c.body.openFollow(j, c.follow, a.Size)
	}
	g.respondStored(j, status)
}

// readFollowed reads a small body into j.small. When it fails midway the body is
// sent as it comes instead, which makes the failure seen.
func (g *proxy) readFollowed(j *journey, size int) bool {
	j.small = slices.Grow(j.small[:0], size)[:size]
	done := 0
	for done < size {
		n, err := j.cache.follow.Read(j.small[done:], nil)
		if err != nil {
			j.cache.follow.Skip(0)
			return false
		}
		done += n
	}
	var none [1]byte
	if _, err := j.cache.follow.Read(none[:], nil); err != io.EOF {
		j.cache.follow.Skip(0)
		return false
	}
	return true
}

// appendAnnounced appends what followers must know to judge whether an answer is
// theirs too: its numbers, which fields select it, and which values did.
func (c *caching) appendAnnounced(dst []byte) []byte {
	dst = c.meta.Append(dst)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(c.nominated)))
	return append(append(dst, c.nominated...), c.values...)
}

// suits reports whether an answer that is announced would be found for this
// request, were it stored. It reads its numbers into c.meta.
func (c *caching) suits(a *cache.Response) bool {
	const numbers = rfc9111.MetaSize + 2
	if len(a.Meta) < numbers || !c.meta.Decode(a.Meta[:rfc9111.MetaSize]) {
		return false
	}
	size := int(binary.LittleEndian.Uint16(a.Meta[rfc9111.MetaSize:]))
	nominated, values := a.Meta[numbers:numbers+size], a.Meta[numbers+size:]
	if size == 0 {
		return true
	}
	c.scratch = rfc9111.AppendVariantKey(c.scratch[:0], nominated, &c.asked)
	return string(c.scratch) == string(values)
}

// standIn answers with the stored response although it is stale, now that the origin
// has failed with status, or without any.
func (g *proxy) standIn(j *journey, how rfc9111.Failure, status int) bool {
	c := &j.cache
	if !c.found {
		return false
	}
	c.now = g.instant()
	if !rfc9111.UsableOnError(&c.meta, &c.ask, &c.rule.policy, how, c.now) {
		return false
	}
	j.out.resp.Discard()
	told := rfc9111.Handling{Forward: rfc9111.ForwardStale, Status: status, Timed: true, TTL: min(c.meta.Left(c.now), -1), Detail: "stale-if-error"}
	return g.reuse(j, told)
}
