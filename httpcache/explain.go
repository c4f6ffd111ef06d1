package httpcache

import (
	"bytes"
	"time"

	"penstock/cache/rfc9111"
	"penstock/headers"
	"penstock/ops"
)

// Explain looks up what is stored for the request of t, which is never sent, and writes into
// out what would come of it; it appends to Why. Key is set only for a request that the store may
// serve, and Entry only when a response is stored for it. It looks into the store alone, not into
// a tier, and counts as a lookup in the store's figures. t must have begun, else it panics;
// afterwards only Reset may be called.
func (e *Engine) Explain(t *Transaction, out *ops.CacheExplanation) {
	t.move(begun, settled)
	if t.role != roleFill {
		out.Use, out.Forward = rfc9111.Bypass.String(), t.status.Forward.String()
		out.Why = append(out.Why, "such a request is not served from the store")
		return
	}
	e.find(t)
	out.Key = string(t.keys.appendHash(nil))
	out.Use, out.Forward = t.decision.Use.String(), ""
	if t.decision.Forward != rfc9111.ForwardNone {
		out.Forward = t.decision.Forward.String()
	}
	out.Why = append(out.Why, sentence(t.decision.Use))
	if e.store.Passes(t.keys.key) {
		out.Why = append(out.Why, "a recent response for this key could not be shared, so requests do not wait for one another")
	}
	if t.stored.found {
		explainEntry(t, out)
	}
}

// explainEntry describes the stored response.
func explainEntry(t *Transaction, out *ops.CacheExplanation) {
	m, now := &t.stored.meta, t.times.now
	seconds := func(d time.Duration) float64 { return d.Seconds() }
	out.Entry = &ops.CacheEntry{
		Status: m.Status, Stored: m.Received.Time(), Age: seconds(m.Age(now)), Lifetime: seconds(m.Lifetime),
		Left: seconds(m.Left(now)), Source: m.Source.String(), Soft: t.stored.entry.Soft, Vary: string(t.keys.nominated),
		BodyBytes: t.stored.entry.BodySize, Fields: []string{},
	}
	for name, value, pos := t.stored.lines.Next(0); pos >= 0; name, value, pos = t.stored.lines.Next(pos) {
		out.Entry.Fields = append(out.Entry.Fields, shownField(name, value))
	}
	switch {
	case m.Flags.Has(rfc9111.AlwaysValidate):
		out.Why = append(out.Why, "it says no-cache: each use is validated")
	case m.Lifetime == 0:
		out.Why = append(out.Why, "it has no lifetime of its own")
	}
	if m.Flags.Has(rfc9111.NeverStale | rfc9111.NeverStaleAlone) {
		out.Why = append(out.Why, "it may not be used once it is stale")
	}
}

// shownField is a stored field line as operators see it: of a cookie the name alone, because its
// value may let anyone act as a client.
func shownField(name, value []byte) string {
	if headers.SameName(name, []byte("set-cookie")) || headers.SameName(name, []byte("set-cookie2")) {
		cookie, _, _ := bytes.Cut(value, []byte("="))
		return string(name) + ": " + string(cookie) + "=(hidden)"
	}
	return string(name) + ": " + string(value)
}

// sentence says what a use means for the request.
func sentence(u rfc9111.Use) string {
	switch u {
	case rfc9111.Fresh:
		return "the stored response is fresh: it is served"
	case rfc9111.StaleAccepted:
		return "the stored response is stale, and the client accepts that"
	case rfc9111.StaleWhileRevalidate:
		return "the stored response is stale: it is served, and revalidated in the background"
	case rfc9111.StaleIfError:
		return "the stored response is stale: the request goes to the origin, and if that fails the stored response is served"
	case rfc9111.MustRevalidate:
		return "the stored response may only be served once the origin has confirmed it"
	case rfc9111.Bypass:
		return "the stored response is not for this request"
	case rfc9111.Unsatisfiable:
		return "the client accepts only a stored response, and none can be served: it gets 504"
	}
	return "nothing is stored for this request: it goes to the origin"
}
