package gateway

import (
	"io"
	"math/rand/v2"
	"time"

	"penstock/exchange"
)

// forward sends the request to the backend that wait has found, and to others, until one responds
// or judge gives up. When it returns nil, j.out.resp is the response.
func (g *proxy) forward(j *journey) *exchange.Fault {
	g.prepare(j)
	j.out.req.From = j.turn.from
	if j.stream != nil && !j.route.finish {
		j.out.req.Client = j.stream.Watch(j.bound.followed, false)
		defer j.stopWatching()
	}
	rule := &j.route.retry
	for left := rule.times; ; {
		f := g.attempt(j)
		v := judge(f, j.out.resp.Status, j.traits(rule), rule, left)
		if v == retry && !j.mayRetry(rule, rule.times-left) {
			v = giveUp
		}
		switch v {
		case giveUp:
			if f == nil {
				j.onResponse()
			}
			return f
		case refresh:
			j.out.req.Fresh = true
		case retry:
			left--
			j.out.req.Fresh = false
			j.out.triedSet.Add(j.turn.member.Backend)
		}
		j.out.resp.Discard()
		if f := findBackend(j); f != nil {
			return f
		}
	}
}

// stopWatching ends what forward began. The outbound forgets the departure, because a body that
// is being stored outlives the journey, and the departure is then that of another request.
func (j *journey) stopWatching() {
	j.out.req.Client.Unwatch()
	j.out.req.Client = nil
}

// attempt sends the request to one backend, records that, and reports the result to the
// backend's health: at once, or when the body of the response has ended.
func (g *proxy) attempt(j *journey) *exchange.Fault {
	w := &j.turn
	m := w.member
	at := j.x.NextAttempt(m.Backend.Address(), w.at)
	if at == nil {
		w.release()
		return exchange.Refuse(exchange.NoBackend)
	}
	j.out.req.Host = j.target.up.hostField(j, m)
	j.out.attempt, j.out.backend = at, m.Health
	m.Health.Begin()
	j.out.req.Slot, w.slot = w.slot, false
	f := m.Client.RoundTrip(&j.out.req, &j.out.resp, at)
	at.Fault = f
	w.end(at.Start.Add(at.Queue).UnixNano(), at.Start.Add(at.FirstByte).UnixNano(), isSample(j.out, f))
	if f == nil && (j.out.resp.Body != nil || j.out.resp.Tunnel != nil) {
		if j.out.resp.Body != nil {
			j.out.resp.Body.OnClose = j.bound.bodyClosed
		}
		m.Health.Responded(at.Status, at.FirstByte, g.now()) // the time of the body is no measure of the backend
	} else {
		j.settle(f)
	}
	w.passOn(g.now)
	return f
}

// onBodyClose ends the attempt whose response was streamed, completely or not.
func (j *journey) onBodyClose(_ bool, f *exchange.Fault, received int64) {
	j.out.attempt.Received, j.out.attempt.Fault, j.x.Sent = received, f, received
	j.settleRest(f)
	j.turn.passOn(j.g.now)
	if f != nil && j.x.Fault == nil {
		j.x.Fault = f
	}
}

// settle reports the end of an attempt to the health of its backend: with f, or with
// a response when that is nil.
func (j *journey) settle(f *exchange.Fault) {
	now, at := j.g.now(), j.out.attempt
	at.Took = now.Sub(at.Start)
	took := at.Took
	switch {
	case f == nil:
		took = at.FirstByte
	case f.Reason == exchange.ClientGone && at.Wrote && j.out.req.Body.Stream == nil: // no upload took the time
		j.out.backend.Abandon(took, now)
		return
	}
	j.out.backend.End(f, at.Status, took, now)
}

// settleRest reports the end of a body that was streamed, or of a tunnel.
func (j *journey) settleRest(f *exchange.Fault) {
	now, at := j.g.now(), j.out.attempt
	at.Took = now.Sub(at.Start)
	j.out.backend.EndRest(f, at.Took, now)
}

// traits says what may be done with this request again.
func (j *journey) traits(rule *retryRule) traits {
	t := traits{refreshed: j.out.req.Fresh}
	t.replayable = j.out.req.Body.Stream == nil || !j.out.resp.Uploading() && !j.upload.began && (j.body.err == nil || j.body.err == io.EOF)
	method := j.request.Method
	t.listed = rule.lists(method)
	t.safe = idempotent(method) || t.listed && len(rule.need) > 0 && len(j.request.Head.Lookup(rule.need)) > 0
	return t
}

// mayRetry asks the budget and waits; false means that the time or the budget is
// used up, that the client has left, or that the process stops.
func (j *journey) mayRetry(rule *retryRule, n int) bool {
	now := j.g.now()
	pause := rule.wait(n, rand.Float64())
	if d := j.out.req.Times.Deadline; !d.IsZero() && now.Add(pause).After(d) {
		return false
	}
	if !j.target.up.mayRetry(now) {
		return false
	}
	return pause <= 0 || j.pause(pause)
}

// pause waits for d. It is false when the client leaves or the process stops before.
func (j *journey) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return !j.out.req.Client.Left()
	case <-j.out.req.Client.Signal():
	case <-j.g.stopping:
	}
	return false
}
