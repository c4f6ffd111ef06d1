package httpcache

import (
	"penstock/cache"
	"penstock/cache/rfc9111"
	"penstock/exchange"
	"penstock/headers"
)

// storeChange deletes what a successful change made invalid (RFC 9111 §4.4), and stores the
// response to a POST when its fields say that it may be used for a later GET (RFC 9110 §9.3.3).
func (e *Engine) storeChange(t *Transaction, f *exchange.Fault) {
	if f != nil || !rfc9111.Invalidates(t.rules.Method, t.received.Status) {
		return
	}
	scheme, _ := t.hop()
	t.scratch = append(t.scratch[:0], t.req.Path...)
	if t.req.HasQuery {
		t.scratch = append(append(t.scratch, '?'), t.req.Query...)
	}
	t.rules.URI = rfc9111.URI{Scheme: scheme, Authority: t.req.Host, Target: t.scratch}
	e.invalidate(t.keys.base)
	for target := range rfc9111.Invalidated(t.rules.URI, &t.answered) {
		invalidateTarget(t, scheme, target)
	}
	if t.rule.Post && t.rules.Method == rfc9111.Post && !t.received.Streams {
		t.times.tick = e.store.Clock() // what it stores is newer than what it made invalid
		e.storePost(t)
	}
}

// storePost stores the response to a POST under the key of a GET.
func (e *Engine) storePost(t *Transaction) {
	response := t.readResponse(t.received.Status, &t.answered)
	t.fill.refusal = rfc9111.MayStore(&t.rules, &response, &t.rule.Policy)
	if t.fill.refusal != rfc9111.Storable || response.Vary != rfc9111.VariesNot || t.tooLarge() {
		return
	}
	t.take(&response)
	e.storeWhole(t)
}

// invalidate purges what is stored for the URL of a key, on every route.
func (e *Engine) invalidate(k cache.Key) {
	if err := purgeKey(e, k, false); err != nil {
		e.log.Warn("a purge may be forgotten in a restart", "error", err)
	}
}

// invalidateTarget purges another URL of the same origin.
func invalidateTarget(t *Transaction, scheme, target []byte) {
	u := cache.URL{Scheme: scheme, Host: t.req.Host, Rule: t.rule.Query}
	if e := t.engine; ReadTarget(&u, target, t.req.Paths) {
		e.invalidate(e.store.URLKey(&u))
	}
}

// ReadTarget reads an origin-form target into u: Path, in new memory and as keys have it, Query, a
// view of target, and HasQuery. It is false when no request can have such a target or paths refuses
// its path; u must not be used then.
func ReadTarget(u *cache.URL, target []byte, paths Paths) bool {
	t, p := headers.SplitTarget(target)
	if p != headers.NoProblem || t.Form != headers.OriginForm {
		return false
	}
	u.Query, u.HasQuery = t.Query, t.HasQuery
	u.Path, _, p = paths.NormalizePath(nil, t.Path)
	return p == headers.NoProblem
}
