package gateway

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"penstock/cache"
	"penstock/cache/rfc9111"
	"penstock/downstream"
	"penstock/exchange"
	"penstock/headers"
	"penstock/ops"
)

// CacheStatus tells how the response cache is doing; all zero without one.
func (g *Gateway) CacheStatus() ops.CacheStatus {
	s := g.proxy.current.Load()
	status := ops.CacheStatus{Routes: []ops.CacheRoute{}}
	if s.store == nil {
		return status
	}
	all := s.store.Stats()
	status.ConfiguredBytes, status.UsedBytes, status.OverheadBytes = all.ConfiguredBytes, all.UsedBytes, all.OverheadBytes
	status.Records, status.Evictions = all.Records, all.EvictedTotal
	status.Hits, status.Misses = all.Hits(), all.Misses()
	status.Vanished, status.Damaged, status.Collisions = all.Vanished, all.Damaged, all.Collisions
	for _, n := range all.Purges {
		status.Purges += n
	}
	status.Flights, status.Waiters = g.proxy.flights.Flying(), g.proxy.flights.Waiting()
	g.saves.describe(&status)
	for _, r := range s.routes {
		if counts, ok := r.metrics.CacheCounts(); ok && r.cache != nil {
			status.Routes = append(status.Routes, counts)
		}
	}
	return status
}

// CachePurge purges what is stored. The error wraps ops.ErrNoCache when no
// route caches, and ops.ErrBadURL for a URL that no request can have.
func (g *Gateway) CachePurge(p ops.CachePurge) error { return g.proxy.cachePurge(p) }

func (g *proxy) cachePurge(p ops.CachePurge) error {
	s := g.current.Load()
	if s.store == nil {
		return ops.ErrNoCache
	}
	switch p.Scope {
	case ops.CacheScopeAll:
		return s.store.PurgeAll(p.Soft)
	case ops.CacheScopeTag:
		return s.store.PurgeTag([]byte(p.Tag), p.Soft)
	case ops.CacheScopeHost:
		u := cache.URL{Scheme: []byte(p.URL.Scheme), Host: []byte(p.URL.Host)}
		if p.URL.Scheme == "" {
			u.Scheme = s.http
		}
		return s.store.PurgeHost(s.store.URLKey(&u).Host(), p.Soft)
	}
	u := cache.URL{Scheme: []byte(p.URL.Scheme), Host: []byte(p.URL.Host)}
	if !s.readTarget(&u, []byte(p.URL.Target)) {
		return fmt.Errorf("purge %s: %w", p.URL, ops.ErrBadURL)
	}
	if p.Scope == ops.CacheScopePrefix {
		return s.store.PurgePrefix(s.store.URLKey(&u).Host(), u.Path, p.Soft)
	}
	return s.purgeURL(u, p.Soft)
}

// purgeURL purges a URL on every route: what it is keyed as depends on how the route
// shapes a query. Each shape is purged once.
func (s *Snapshot) purgeURL(u cache.URL, soft bool) error {
	var errs []error
	purged := map[uint64]bool{}
	for _, r := range s.routes {
		if r.cache == nil {
			continue
		}
		u.Rule = r.cache.query
		if k := s.store.URLKey(&u); !purged[k.Hash()] {
			purged[k.Hash()] = true
			errs = append(errs, s.store.PurgeURL(k, soft))
		}
	}
	return errors.Join(errs...)
}

// readTarget reads an origin-form target into u, its path as keys have it. It is
// false when no request can have such a target.
func (s *Snapshot) readTarget(u *cache.URL, target []byte) bool {
	t, p := headers.SplitTarget(target)
	if p != headers.NoProblem || t.Form != headers.OriginForm {
		return false
	}
	u.Query, u.HasQuery = t.Query, t.HasQuery
	u.Path, _, p = s.table.NormalizePath(nil, t.Path)
	return p == headers.NoProblem
}

// CacheLookup tells what is stored for a request and why it would or would not be
// used. It asks no origin and changes nothing. Errors are as for CachePurge.
func (g *Gateway) CacheLookup(q ops.CacheQuestion) (ops.CacheExplanation, error) {
	out := ops.CacheExplanation{Method: q.Method, URL: q.URL.String(), Why: []string{}}
	b := g.proxy.journeys.Get().(*journey)
	b.x, b.snap = exchange.Acquire(g.now()), g.proxy.joinNewest()
	defer g.proxy.discard(b)
	if b.snap.store == nil {
		return out, ops.ErrNoCache
	}
	if err := b.newDryRun(q); err != nil {
		return out, fmt.Errorf("lookup %s: %w", q.URL, err)
	}
	if f := b.findRoute(); f != nil {
		out.Use, out.Why = rfc9111.Bypass.String(), append(out.Why, "no route takes this request: "+f.Name())
		return out, nil
	}
	out.Route = b.route.name
	if b.route.cache == nil {
		out.Use, out.Why = rfc9111.Bypass.String(), append(out.Why, "the route does not cache")
		return out, nil
	}
	g.proxy.readRequest(b)
	if b.cache.role != roleAsk {
		out.Use, out.Forward = rfc9111.Bypass.String(), b.cache.told.Forward.String()
		out.Why = append(out.Why, "such a request is not answered from the store")
		return out, nil
	}
	g.proxy.find(b)
	b.explain(&out)
	return out, nil
}

// newDryRun makes b the journey of the request that q describes, which is never sent.
func (b *journey) newDryRun(q ops.CacheQuestion) error {
	var fields []byte
	fields = append(fields, "Host: "+q.URL.Host+"\r\n"...)
	if q.URL.Scheme == "https" {
		fields = append(fields, "X-Forwarded-Proto: https\r\n"...)
		b.x.Trusted = true
	}
	for _, f := range q.Fields {
		fields = append(fields, f.Name+": "+f.Value+"\r\n"...)
	}
	head := downstream.Head{Version: downstream.HTTP11, Method: []byte(q.Method), Target: []byte(q.URL.Target), Scheme: "http", Fields: fields}
	limits := downstream.Limits{Fields: b.snap.maxFields, Target: len(q.URL.Target)}
	if why := b.request.Imagine(&head, limits, b.snap.table); why != exchange.NoReason || b.request.RawPath == nil {
		return ops.ErrBadURL
	}
	return nil
}

// explain says what was found and what would come of it.
func (b *journey) explain(out *ops.CacheExplanation) {
	c := &b.cache
	out.Key = string(c.hash(nil))
	out.Use, out.Forward = c.decision.Use.String(), ""
	if c.decision.Forward != rfc9111.ForwardNone {
		out.Forward = c.decision.Forward.String()
	}
	out.Why = append(out.Why, sentences[c.decision.Use])
	if b.g.store.Passes(c.key) {
		out.Why = append(out.Why, "a recent answer to this key could not be shared, so requests do not wait for one another")
	}
	if !c.found {
		return
	}
	m := &c.meta
	seconds := func(d time.Duration) float64 { return d.Seconds() }
	out.Entry = &ops.CacheEntry{
		Status: m.Status, Stored: m.Received.Time(), Age: seconds(m.Age(c.now)), Lifetime: seconds(m.Lifetime),
		Left: seconds(m.Left(c.now)), Source: m.Source.String(), Soft: c.entry.Soft, Vary: string(c.nominated), BodyBytes: c.entry.BodySize,
		Fields: []string{},
	}
	for name, value, pos := c.stored.Next(0); pos >= 0; name, value, pos = c.stored.Next(pos) {
		out.Entry.Fields = append(out.Entry.Fields, string(name)+": "+string(value))
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

// sentences say what each use means for the request.
var sentences = map[rfc9111.Use]string{
	rfc9111.Nothing:              "nothing is stored for this request: the origin is asked",
	rfc9111.Fresh:                "what is stored is fresh: it is the answer",
	rfc9111.StaleAccepted:        "what is stored is stale, and the client takes it so",
	rfc9111.StaleWhileRevalidate: "what is stored is stale: it is the answer, and is revalidated behind it",
	rfc9111.StaleIfError:         "what is stored is stale: the origin is asked, and if it fails this is the answer",
	rfc9111.MustRevalidate:       "what is stored may only be used once the origin has confirmed it",
	rfc9111.Bypass:               "what is stored is not for this request",
	rfc9111.Unsatisfiable:        "the client takes only what is stored, and that cannot be used: it gets 504",
}

// hash appends the hash of the key, as Cache-Status tells it.
func (c *caching) hash(dst []byte) []byte { return strconv.AppendUint(dst, c.key.Hash(), 16) }

// purgeMethod is what allowed clients send to purge a URL.
const purgeMethod = "PURGE"

// purge answers PURGE on the public listener, where cache.purge_from names the
// client. Elsewhere PURGE is a method like any other.
func (g *proxy) purge(j *journey) (answered bool) {
	s := j.snap
	if string(j.request.Method) != purgeMethod || s.purgeFrom == nil || s.store == nil {
		return false
	}
	if !s.purgeFrom.Contains(j.x.Client) {
		g.fail(j, exchange.Refuse(exchange.PurgeRefused))
		return true
	}
	scheme, _ := j.hop()
	target := j.appendTarget(nil, j.request.Path)
	err := g.cachePurge(ops.CachePurge{URL: ops.CacheURL{Scheme: string(scheme), Host: string(j.request.Host), Target: string(target)}})
	if err != nil {
		g.log.Warn("a purge may be forgotten in a restart", "error", err)
	}
	j.response.Begin(statusNoContent, nil)
	g.answer(j)
	return true
}
