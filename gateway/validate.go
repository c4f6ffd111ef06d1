package gateway

import (
	"bytes"

	"penstock/cache"
	"penstock/cache/rfc9111"
	"penstock/exchange"
	"penstock/headers"
)

// confirm takes the origin's word that the stored response still holds, updates it
// and answers with it (RFC 9111 §4.3.4).
func (g *proxy) confirm(j *journey) (answered bool) {
	c := &j.cache
	if !g.freshen(j) {
		c.endLead(errLookAgain)
		g.store.Delete(c.entryKey)
		return g.askAnew(j)
	}
	c.endLead(errLookAgain)
	if c.role == roleRefresh {
		return true
	}
	j.out.resp.Discard()
	told := c.told
	told.Timed, told.TTL = true, c.meta.Left(c.now)
	if g.reuse(j, told) {
		c.outcome = exchange.CacheRevalidated
		return true
	}
	return g.askAnew(j)
}

// askAnew asks the origin for the whole answer, once, because what it confirmed is
// gone or was something else.
func (g *proxy) askAnew(j *journey) (answered bool) {
	c := &j.cache
	c.found, c.validates = false, false
	j.out.resp.Discard()
	f := g.forward(j)
	if f == nil {
		c.told.Status = j.out.resp.Status
		return g.judge(j)
	}
	if c.role != roleRefresh {
		g.fail(j, f)
	}
	return true
}

// freshen updates the stored response with the fields of a 304 or of the answer to a
// HEAD. It is false when the answer speaks of another response, or when what is
// stored may not be kept any longer.
func (g *proxy) freshen(j *journey) bool {
	c := &j.cache
	if !rfc9111.SelectedBy(&c.stored, &c.answered) {
		return false
	}
	c.fields = rfc9111.AppendFreshened(c.fields[:0], &c.stored, &c.answered)
	c.dropOwn(j.snap.requestID)
	merged := rfc9111.Lines(c.fields)
	policy := &c.rule.policy
	response := g.readAnswer(j, c.meta.Status, &merged)
	c.refusal = rfc9111.MayKeep(&c.ask, &response, policy)
	if c.refusal != rfc9111.Storable || !c.staysSelected(&merged) {
		return g.useOnce(j, &response)
	}
	c.meta = rfc9111.NewMeta(&response, policy)
	c.fields, c.scratch = response.AppendStored(c.scratch[:0], &merged), c.fields
	c.stored = c.fields
	fill := j.newFill(c.entry.BodySize)
	c.lost = g.store.Update(c.entry, c.entryKey, &fill)
	c.told.Stored = c.lost == cache.Stored
	return true
}

// staysSelected reports whether the key of the stored response still fits it, now that
// an update may have changed its Vary: whether it names only fields that select already.
func (c *caching) staysSelected(updated rfc9111.Fields) bool {
	names, _ := rfc9111.AppendVary(c.scratch[:0], updated)
	c.scratch = names
	if c.record == 0 {
		return len(names) == 0
	}
	return bytes.Equal(c.union(names), c.nominated)
}

// useOnce answers this request with a stored response that the origin has confirmed
// and that may not be kept, or not where it lies.
func (g *proxy) useOnce(j *journey, response *rfc9111.Response) bool {
	c := &j.cache
	c.meta = rfc9111.NewMeta(response, &c.rule.policy)
	c.drop([]byte("age"), nil) // it is in c.meta
	if !j.out.resp.Head.Has(headers.Date) {
		c.fields = append(rfc9111.AppendDate(append(c.fields, "Date: "...), response.Date), "\r\n"...)
	}
	c.stored = c.fields
	if c.refusal != rfc9111.Storable {
		c.told.Detail = c.refusal.String()
	}
	g.store.Delete(c.entryKey)
	return true
}

// keepHead lets the answer to a HEAD update the stored answer to a GET (RFC 9111
// §4.3.5).
func (g *proxy) keepHead(j *journey) {
	c := &j.cache
	if !c.found {
		return
	}
	switch rfc9111.HeadUpdate(j.out.resp.Status, &c.answered, &c.stored, c.entry.BodySize) {
	case rfc9111.HeadFreshens:
		g.freshen(j)
	case rfc9111.HeadOutdates:
		c.meta.Expire(c.now)
		c.fields = append(c.fields[:0], c.stored...)
		fill := j.newFill(c.entry.BodySize)
		g.store.Update(c.entry, c.entryKey, &fill)
	}
}

// keepChange throws away what a successful change made invalid (RFC 9111 §4.4), and
// stores the answer to a POST that says it answers a later GET (RFC 9110 §9.3.3).
func (g *proxy) keepChange(j *journey, f *exchange.Fault) {
	c := &j.cache
	if f != nil || !rfc9111.Invalidates(c.ask.Method, j.out.resp.Status) {
		return
	}
	scheme, _ := j.hop()
	c.scratch = j.appendTarget(c.scratch[:0], j.request.Path)
	c.ask.URI = rfc9111.URI{Scheme: scheme, Authority: j.request.Host, Target: c.scratch}
	g.invalidate(j, c.base)
	for target := range rfc9111.Invalidated(c.ask.URI, &c.answered) {
		g.invalidateTarget(j, scheme, target)
	}
	if c.rule.post && c.ask.Method == rfc9111.Post && j.out.resp.Body == nil {
		c.tick = g.store.Clock() // what it stores is newer than what it made invalid
		g.keepPost(j)
	}
}

// keepPost stores the answer to a POST under the key of a GET.
func (g *proxy) keepPost(j *journey) {
	c := &j.cache
	response := g.readAnswer(j, j.out.resp.Status, &c.answered)
	if c.refusal = rfc9111.MayStore(&c.ask, &response, &c.rule.policy); c.refusal != rfc9111.Storable || response.Vary != rfc9111.VariesNot {
		return
	}
	j.take(&response)
	g.storeWhole(j)
}

// invalidate purges what is stored for the URL of a key, on every route.
func (g *proxy) invalidate(j *journey, k cache.Key) {
	if err := g.store.PurgeURL(k, false); err != nil {
		g.log.Warn("a purge may be forgotten in a restart", "error", err)
	}
}

// invalidateTarget purges another URL of the same origin.
func (g *proxy) invalidateTarget(j *journey, scheme, target []byte) {
	u := cache.URL{Scheme: scheme, Host: j.request.Host, Rule: j.cache.rule.query}
	if j.snap.readTarget(&u, target) {
		g.invalidate(j, g.store.URLKey(&u))
	}
}
