package httpcache

import (
	"bytes"

	"penstock/cache"
	"penstock/cache/rfc9111"
	"penstock/exchange"
	"penstock/headers"
)

// revalidated takes a 304 of the origin to mean that the stored response still holds, updates
// it and serves it (RFC 9111 §4.3.4).
func (e *Engine) revalidated(t *Transaction) (Outcome, *exchange.Fault) {
	if !e.updateStored(t) {
		t.fill.fail(errLookAgain)
		remove(t)
		return e.fetchAnew(t)
	}
	t.fill.fail(errLookAgain)
	if t.role == roleRefresh {
		return Relay, nil
	}
	how := t.status.Handling
	how.Timed, how.TTL = true, t.stored.meta.Left(t.times.now)
	if t.serveStored(how) {
		t.status.outcome = exchange.CacheRevalidated
		return Serve, nil
	}
	return e.fetchAnew(t)
}

// fetchAnew asks the origin for the whole response, once, because what it confirmed is gone or
// was something else.
func (e *Engine) fetchAnew(t *Transaction) (Outcome, *exchange.Fault) {
	t.stored.found, t.validates = false, false
	t.move(settled, asking)
	received, f := t.req.Origin.Fetch()
	t.move(asking, settled)
	if f != nil {
		return Refuse, f
	}
	t.receive(received)
	t.status.Status = received.Status
	return e.storeResponse(t)
}

// updateStored updates the stored response with the fields of a 304 or of the response to a
// HEAD. It is false when those belong to another response.
func (e *Engine) updateStored(t *Transaction) bool {
	s, policy := &t.stored, &t.rule.Policy
	if !rfc9111.SelectedBy(&s.lines, &t.answered) {
		return false
	}
	t.fill.lines = rfc9111.AppendFreshened(t.fill.lines[:0], &s.lines, &t.answered)
	t.fill.dropOwn(t.rule.OwnField)
	merged := rfc9111.Lines(t.fill.lines)
	response := t.readResponse(s.meta.Status, &merged)
	t.fill.refusal = rfc9111.MayKeep(&t.rules, &response, policy)
	if t.fill.refusal != rfc9111.Storable || !t.staysSelected(&merged) {
		e.useOnce(t, &response)
		return true
	}
	s.meta = rfc9111.NewMeta(&response, policy)
	t.fill.lines, t.scratch = response.AppendStored(t.scratch[:0], &merged), t.fill.lines
	s.lines = t.fill.lines
	f := t.newFill(s.entry.BodySize)
	t.fill.lost = update(t, &f)
	t.status.Stored = t.fill.lost == cache.Stored
	return true
}

// staysSelected reports whether the key of the stored response still fits it, now that an
// update may have changed its Vary: whether it names only fields that select already.
func (t *Transaction) staysSelected(updated rfc9111.Fields) bool {
	names, _ := rfc9111.AppendVary(t.scratch[:0], updated)
	t.scratch = names
	if t.keys.record == 0 {
		return len(names) == 0
	}
	return bytes.Equal(t.keys.union(names), t.keys.nominated)
}

// useOnce prepares a stored response for this request alone: the origin has confirmed it, and
// it may not be kept, or not under its key. It is deleted.
func (e *Engine) useOnce(t *Transaction, response *rfc9111.Response) {
	t.stored.meta = rfc9111.NewMeta(response, &t.rule.Policy)
	t.fill.drop([]byte("age"), nil) // it is in the metadata
	if !t.received.Fields.Has(headers.Date) {
		t.fill.lines = append(rfc9111.AppendDate(append(t.fill.lines, "Date: "...), response.Date), "\r\n"...)
	}
	t.stored.lines = t.fill.lines
	if t.fill.refusal != rfc9111.Storable {
		t.status.Detail = t.fill.refusal.String()
	}
	remove(t)
}

// storeHead lets the response to a HEAD update the stored response to a GET (RFC 9111 §4.3.5).
func (e *Engine) storeHead(t *Transaction) {
	s := &t.stored
	if !s.found {
		return
	}
	switch rfc9111.HeadUpdate(t.received.Status, &t.answered, &s.lines, s.entry.BodySize) {
	case rfc9111.HeadFreshens:
		e.updateStored(t)
	case rfc9111.HeadOutdates:
		s.meta.Expire(t.times.now)
		t.fill.lines = append(t.fill.lines[:0], s.lines...)
		f := t.newFill(s.entry.BodySize)
		update(t, &f)
	}
}
