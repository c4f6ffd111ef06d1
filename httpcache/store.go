package httpcache

import (
	"penstock/cache"
	"penstock/cache/rfc9111"
	"penstock/exchange"
	"penstock/headers"
)

// Store takes in what the origin has sent, or f if it failed: it stores, updates, deletes.
// Serve means that the client gets the response from the store that is ready; Relay that it
// gets the origin's, whose body StreamFill may take over; the fault comes with Refuse alone. It is
// f when no stored response may serve in its place, that of Origin.Fetch when a stored response
// could not be confirmed and was asked for anew, or HTTPProtocolError for a 304 that nothing was
// asked for. On an idle transaction it returns Refuse with f, or Relay without one; elsewhere than
// after Lookup returned AskOrigin it panics.
func (e *Engine) Store(t *Transaction, received Received, f *exchange.Fault) (Outcome, *exchange.Fault) {
	if t.phase == idle {
		return relay(f)
	}
	t.move(asking, settled)
	t.receive(received)
	switch t.role {
	case roleBypass:
		return relay(f)
	case roleChange:
		e.storeChange(t, f)
		return relay(f)
	}
	t.status.Status = received.Status
	switch {
	case f != nil && f.Reason == exchange.ClientGone:
		t.fill.fail(f)
		return Refuse, f // there is no client for a stale response
	case f != nil:
		t.fill.fail(f)
		if t.serveStaleOnError(rfc9111.Unreachable, 0) {
			return Serve, nil
		}
		return Refuse, f
	case rfc9111.IsServerError(received.Status):
		if t.serveStaleOnError(rfc9111.ServerError, received.Status) {
			t.fill.fail(errServerError)
			return Serve, nil
		}
	case t.role == roleHead:
		e.storeHead(t)
	case received.Status == statusNotModified && t.validates:
		return e.revalidated(t)
	}
	if t.role == roleHead {
		return Relay, nil
	}
	return e.storeResponse(t)
}

// relay is the outcome of a response in which the cache has no part.
func relay(f *exchange.Fault) (Outcome, *exchange.Fault) {
	if f != nil {
		return Refuse, f
	}
	return Relay, nil
}

// receive makes r the origin's response.
func (t *Transaction) receive(r Received) {
	t.received, t.answered = r, receivedFields{block: r.Fields}
}

// storeResponse stores the response if that is allowed. A body that still comes goes on in a
// fetch of its own, so that no client holds it up: the client of this request follows it like
// the others.
func (e *Engine) storeResponse(t *Transaction) (Outcome, *exchange.Fault) {
	response := t.readResponse(t.received.Status, &t.answered)
	e.decideStore(t, &response)
	switch {
	case t.role == roleFill && t.received.Status == statusNotModified && t.rules.Conditional():
		return t.fill.refuseUnasked()
	case !t.fill.storable():
		e.decline(t, true)
		return Relay, nil
	}
	t.take(&response)
	t.stored.found = false
	if !t.received.Streams {
		e.storeWhole(t)
	} else if !e.beginFill(t) {
		return Relay, nil
	}
	e.store.Pass(t.keys.key, 0)
	if t.role == roleFill && t.rules.Conditional() && t.rules.NotModified(&t.stored.meta, &t.stored.lines) {
		e.serveUnmodified(t)
		return Serve, nil
	}
	return Relay, nil
}

// decideStore decides whether the response is stored, and where: it sets the reason why not,
// and the key.
func (e *Engine) decideStore(t *Transaction, response *rfc9111.Response) {
	p := &t.rule.Policy
	t.fill.refusal = rfc9111.MayStore(&t.rules, response, p)
	if t.role == roleRefresh || t.role == roleFill && t.fill.refusal == rfc9111.RangeRequest { // the whole was asked for
		t.fill.refusal = rfc9111.MayKeep(&t.rules, response, p)
	}
	if t.fill.refusal == rfc9111.Storable && !e.selects(t) {
		t.fill.refusal = rfc9111.VaryStar
	}
	if t.fill.refusal == rfc9111.Storable && t.tooLarge() {
		t.fill.lost = cache.TooLarge
	}
}

// tooLarge reports whether the body of the response is known to be larger than Rule.MaxObject.
func (t *Transaction) tooLarge() bool {
	length := int64(len(t.received.Body))
	if f := t.received.Framing; f.Kind == headers.Sized {
		length = max(length, f.Length)
	}
	return length > t.rule.MaxObject
}

// refuseUnasked refuses a 304 that the origin was not asked for: its client has something that
// the origin was not asked about, and would take it for valid.
func (f *fill) refuseUnasked() (Outcome, *exchange.Fault) {
	fault := &exchange.Fault{Kind: exchange.HTTPProtocolError, Source: exchange.Upstream, Begun: true}
	f.fail(fault)
	return Refuse, fault
}

// readResponse reads what the rules need of a response that has just come.
func (t *Transaction) readResponse(status int, fields rfc9111.Fields) rfc9111.Response {
	t.fill.judged, t.times.now = true, t.engine.clock.instant()
	return rfc9111.ReadResponse(status, fields, rfc9111.Times{Sent: t.times.sent, Received: t.times.now}, &t.rule.Policy)
}

// take builds the metadata and the field lines that are stored of the response.
func (t *Transaction) take(response *rfc9111.Response) {
	t.stored.meta = rfc9111.NewMeta(response, &t.rule.Policy)
	t.fill.lines = response.AppendStored(t.fill.lines[:0], &t.answered)
	t.fill.dropOwn(t.rule.OwnField)
	t.stored.lines = t.fill.lines
}

// decline gives the response to its client alone. With pass the key is remembered as one whose
// responses are not shared.
func (e *Engine) decline(t *Transaction, pass bool) {
	switch {
	case t.fill.refusal != rfc9111.Storable:
		t.status.Detail = t.fill.refusal.String()
	case t.fill.lost != cache.Stored:
		t.status.Detail = t.fill.lost.String()
	}
	if t.stored.found && t.role != rolePass {
		e.withdraw(t)
	}
	if t.fill.lead != nil {
		if pass {
			e.store.Pass(t.keys.key, passTime)
		}
		t.fill.lead.Decline()
		t.fill.lead = nil
	}
}

// withdraw removes the stored response if the one that is not stored replaces it. One that
// came in the background for its client only ends the use of the stored one while it is
// revalidated: that goes on to serve others when the origin fails.
func (e *Engine) withdraw(t *Transaction) {
	s := &t.stored
	switch rfc9111.Replaces(&t.rules, t.received.Status, t.fill.refusal) {
	case rfc9111.ReplacesForAll:
		remove(t)
	case rfc9111.ReplacesForOne:
		if t.role == roleRefresh {
			s.meta.Expire(t.times.now)
			s.meta.StaleWhileRevalidate = 0
			t.fill.lines = append(t.fill.lines[:0], s.lines...)
			f := t.newFill(s.entry.BodySize)
			update(t, &f)
		}
	}
}

// storeWhole stores a response whose body is at hand, and hands it to the followers.
func (e *Engine) storeWhole(t *Transaction) {
	text := t.received.Body
	f := t.newFill(int64(len(text)))
	noteStored(t, e.store.Put(t.keys.key, &f, text))
	if t.status.Stored {
		t.rule.Counters.Filled(t.received.Began)
		share(t, t.keys.key)
	}
	e.storeLanguage(t, &f)
	if t.fill.lead == nil {
		return
	}
	t.announce(int64(len(text)), nil)
	t.fill.lead.Write(text)
	t.fill.lead.Finish()
	t.fill.lead = nil
}

// storeLanguage stores a response in one language also for those who want that language most,
// however they say it.
func (e *Engine) storeLanguage(t *Transaction, f *cache.Fill) {
	k := &t.keys
	if k.record == 0 {
		return
	}
	values, ok := rfc9111.AppendLanguageKey(t.scratch[:0], k.nominated, &t.asked, rfc9111.ContentLanguage(&t.stored.lines))
	if t.scratch = values; !ok {
		return
	}
	key := e.store.Variant(k.languageBuf, k.base, k.record, values)
	k.languageBuf = key.Bytes()
	if e.store.Put(key, f, t.received.Body) == cache.Stored && e.shared != nil {
		e.shared.put(key, k.base.AppendPortableVariant(nil, k.nominated, values), t.rule.Tags)
	}
}

// noteStored notes what became of a response that might be stored.
func noteStored(t *Transaction, r cache.Refusal) {
	t.fill.lost = r
	t.status.Stored = r == cache.Stored
	if t.status.Stored {
		t.status.Timed, t.status.TTL = true, t.stored.meta.Lifetime-t.stored.meta.Age(t.stored.meta.Received)
	} else {
		t.status.Detail = r.String()
	}
}

// serveUnmodified serves the client's own condition, which the origin was not asked, from what
// has just come.
func (e *Engine) serveUnmodified(t *Transaction) {
	if t.phase == detaching {
		f := e.detach(t)
		e.background(f.run)
	}
	t.stored.entry.Head = cache.Head{Status: uint16(t.stored.meta.Status), BodySize: -1}
	t.respond(statusNotModified)
}
