package gateway

import (
	"bytes"

	"penstock/cache"
	"penstock/cache/rfc9111"
	"penstock/exchange"
	"penstock/headers"
)

// lookup answers from the store when it may, and else settles what the cache wants
// of the origin: nothing, a new response, or the word that the stored one still holds.
func (g *proxy) lookup(j *journey) (answered bool) {
	c := &j.cache
	if j.route.cache == nil {
		return false
	}
	g.readRequest(j)
	if c.role != roleAsk {
		return false
	}
	g.find(j)
	if g.answerFound(j) {
		return true
	}
	if c.role != roleAsk {
		return false
	}
	return g.collapse(j)
}

// readRequest reads what the rules need of the request and chooses the role.
func (g *proxy) readRequest(j *journey) {
	c := &j.cache
	c.rule, c.now = j.route.cache, rfc9111.At(j.x.Start)
	if g.clock != nil {
		c.now = g.instant()
	}
	c.asked = requestFields{block: &j.request.Head, trusted: j.x.Trusted}
	c.answered.block = &j.out.resp.Head
	c.ask = rfc9111.ReadRequest(rfc9111.MethodOf(j.request.Method), &c.asked)
	if len(j.x.Identity().Name()) > 0 {
		c.ask.Authorization = true // the gateway has verified who asks, by whatever field
	}
	c.ask.Body = j.request.Framing.Kind != headers.NoBody && (j.request.Framing.Kind != headers.Sized || j.request.Framing.Length > 0)
	c.role, c.outcome, c.told.Forward = roleLook, exchange.CacheBypass, rfc9111.ForwardBypass
	switch c.ask.Method {
	case rfc9111.Get, rfc9111.Head:
		if !c.ask.Body && c.rule.answers(c.ask.Method) && !j.originJudges() && !j.overrides() && j.wantedUpgrade() == nil {
			c.role = roleAsk
			j.makeKey()
		}
	case rfc9111.Options, rfc9111.Trace:
		c.told.Forward = rfc9111.ForwardMethod
	default:
		c.role, c.told.Forward = roleChange, rfc9111.ForwardMethod
		j.makeKey()
	}
}

// answers reports whether requests of a method, GET or HEAD, may be answered from
// the store.
func (r *cacheRule) answers(m rfc9111.Method) bool {
	if m == rfc9111.Head {
		return r.head
	}
	return r.get
}

// originJudges reports whether a request has a condition that only the origin may
// judge (RFC 9111 §4.3.2).
func (j *journey) originJudges() bool {
	return j.request.Head.Has(headers.IfMatch) || j.request.Head.Has(headers.IfUnmodifiedSince)
}

// overrides reports whether a request asks the origin, by a field that no key shows,
// for another method or path than its own. Frameworks obey such fields, and what they
// answer must not be taken for the answer to the URL. They read "_" as "-".
func (j *journey) overrides() bool {
	for i := range j.request.Head.Fields {
		if f := &j.request.Head.Fields[i]; f.ID == headers.Other && len(f.Name) >= len("x-http-method") && overriding(f.Name) {
			return true
		}
	}
	return false
}

func overriding(name []byte) bool {
	var buffer [len("x-http-method-override")]byte
	if len(name) > len(buffer) || lower(name[0]) != 'x' {
		return false
	}
	plain := buffer[:len(name)]
	for i, c := range name {
		if plain[i] = lower(c); c == '_' {
			plain[i] = '-'
		}
	}
	switch string(plain) {
	case "x-http-method-override", "x-http-method", "x-method-override", "x-original-url", "x-rewrite-url":
		return true
	}
	return false
}

// makeKey makes the key of the request's URL: what its route counts of it.
func (j *journey) makeKey() {
	c := &j.cache
	scheme, name := j.hop()
	b := j.g.store.NewKey(c.keyBuf)
	b.URL(&cache.URL{Scheme: scheme, Host: j.request.Host, Path: j.request.Path,
		Query: j.request.Query, HasQuery: j.request.HasQuery, Rule: c.rule.query})
	b.Header(":route", c.rule.route, true)
	if name != nil {
		b.Header(":forwarded-host", name, true)
	}
	for _, name := range c.rule.headers {
		c.scratch = c.scratch[:0]
		c.scratch = appendJoined(c.scratch, &c.asked, name)
		b.Header(name, c.scratch, len(c.scratch) > 0)
	}
	for _, name := range c.rule.cookies {
		var value []byte
		present := false
		for line := range j.request.Head.All(headers.Cookie) {
			if value, present = cache.CookieValue(line, name); present {
				break
			}
		}
		b.Cookie(name, value, present)
	}
	c.base = b.Key()
	c.keyBuf = c.base.Bytes()
	c.key = c.base
}

// appendJoined appends the lines of a field as one (RFC 9110 §5.3).
func appendJoined(dst []byte, f rfc9111.Fields, name string) []byte {
	for other, value, pos := f.Next(0); pos >= 0; other, value, pos = f.Next(pos) {
		if headers.SameName(other, []byte(name)) {
			if len(dst) > 0 {
				dst = append(dst, ", "...)
			}
			dst = append(dst, value...)
		}
	}
	return dst
}

// find looks the request up: its URL, and when the answer varies its variant.
func (g *proxy) find(j *journey) {
	c := &j.cache
	if c.entry == nil {
		c.entry = cache.AcquireEntry()
	}
	c.found, c.record, c.key, c.entryKey = false, 0, c.base, c.base
	c.decision = rfc9111.Decision{Use: rfc9111.Nothing, Forward: rfc9111.ForwardURIMiss}
	if g.store.Get(c.entry, c.base) == cache.Hit {
		if c.entry.Kind != cache.Variant {
			g.decide(j)
			return
		}
		g.findVariant(j)
		return
	}
	g.decideMiss(c)
}

// findVariant looks for the variant that the vary record in c.entry leads to.
func (g *proxy) findVariant(j *journey) {
	c := &j.cache
	c.decision.Forward = rfc9111.ForwardVaryMiss
	c.record, c.variants = c.entry.ID, c.entry.Flags
	c.nominated = append(c.nominated[:0], c.entry.Meta...)
	c.values = rfc9111.AppendVariantKey(c.values[:0], c.nominated, &c.asked)
	c.key = g.store.Variant(c.variantBuf, c.base, c.record, c.values)
	c.variantBuf, c.entryKey = c.key.Bytes(), c.key
	if g.store.Get(c.entry, c.key) == cache.Hit {
		g.decide(j)
		return
	}
	language := rfc9111.PreferredLanguage(&c.asked)
	if values, ok := rfc9111.AppendLanguageKey(c.scratch[:0], c.nominated, &c.asked, language); ok {
		c.scratch = values
		c.entryKey = g.store.Variant(c.languageBuf, c.base, c.record, values)
		c.languageBuf = c.entryKey.Bytes()
		if g.store.Get(c.entry, c.entryKey) == cache.Hit {
			g.decide(j)
			return
		}
	}
	g.decideMiss(c)
}

// decide asks the rules whether what was found may be used.
func (g *proxy) decide(j *journey) {
	c := &j.cache
	if !c.meta.Decode(c.entry.Meta) {
		g.decideMiss(c)
		return
	}
	if c.entry.Soft {
		c.meta.Expire(c.now)
	}
	c.found, c.stored = true, c.entry.Fields
	c.decision = rfc9111.Decide(&c.meta, &c.ask, &c.rule.policy, c.now)
}

// decideMiss keeps why nothing was found, unless the client takes only what is stored.
func (g *proxy) decideMiss(c *caching) {
	why := c.decision.Forward
	c.decision = rfc9111.Decide(nil, &c.ask, &c.rule.policy, c.now)
	if c.decision.Use == rfc9111.Nothing {
		c.decision.Forward = why
	}
}

// answerFound answers from the store if the decision says so. It may change the
// role to one in which the origin is asked without the store's interest.
func (g *proxy) answerFound(j *journey) (answered bool) {
	c := &j.cache
	c.told = rfc9111.Handling{Forward: c.decision.Forward}
	c.outcome = exchange.CacheMiss
	switch c.decision.Use {
	case rfc9111.StaleWhileRevalidate:
		if !g.reuse(j, rfc9111.Handling{Hit: true, Timed: true, TTL: c.decision.Left, Detail: "stale-while-revalidate"}) {
			return false
		}
		g.refresh(j)
		return true
	case rfc9111.Fresh, rfc9111.StaleAccepted:
		return g.reuse(j, rfc9111.Handling{Hit: true, Timed: true, TTL: c.decision.Left})
	case rfc9111.Unsatisfiable:
		g.fail(j, exchange.Refuse(exchange.NotCached))
		return true
	case rfc9111.Bypass:
		c.role, c.outcome = roleLook, exchange.CacheBypass
	default:
		g.chooseForward(j)
	}
	return false
}

// chooseForward decides how the origin is asked when the store has no answer.
func (g *proxy) chooseForward(j *journey) {
	c := &j.cache
	c.validates = c.found && c.meta.Flags.Has(rfc9111.Validatable) && c.ask.Method == rfc9111.Get
	switch {
	case c.ask.Method == rfc9111.Head:
		c.role = roleHead
	case !c.validates && (c.ask.Ranged() || g.store.Passes(c.key)):
		c.role = rolePass // its own conditions and ranges are for the origin
	}
}

// outgoingQuery is the query that the origin sees, and whether there is one: as it
// came, or where the answer may be stored what the key counts of it, and nothing else.
func (j *journey) outgoingQuery() (query []byte, ok bool) {
	c := &j.cache
	if !j.request.HasQuery || !c.shaped() || c.rule.query.Mode() == cache.QueryAll {
		return j.request.Query, j.request.HasQuery
	}
	c.scratch = c.rule.query.Append(c.scratch[:0], j.request.Query)
	return c.scratch, len(c.scratch) > 0
}

// prepareCache does the cache's part of an outgoing request: it notes when the origin
// is asked, and keeps back the client's own conditions and ranges, which are answered
// here.
func (g *proxy) prepareCache(j *journey) {
	c := &j.cache
	if c.role == roleNone {
		return
	}
	c.sent, c.tick = g.instant(), g.store.Clock()
	if c.role != roleAsk && c.role != roleRefresh {
		return
	}
	for i := range j.out.head.Fields {
		if f := &j.out.head.Fields[i]; rfc9111.ClientCondition(f.Name) {
			f.Drop = true
		}
	}
}

// shaped reports whether the request's target is written anew for the cache.
func (c *caching) shaped() bool {
	return c.rule != nil && (c.ask.Method == rfc9111.Get || c.ask.Method == rfc9111.Head)
}

// varyOn reports whether a list of nominated names holds one whose value the gateway
// writes itself for each request, so that no two are alike.
func varyOn(nominated []byte, names [][]byte) bool {
	for name := range bytes.SplitSeq(nominated, []byte(",")) {
		if listed(name, names) {
			return true
		}
	}
	return false
}
