package httpcache

import (
	"penstock/cache"
	"penstock/cache/rfc9111"
	"penstock/exchange"
)

// Lookup serves the request from the store when it may. Otherwise it decides what the cache
// wants of the origin: nothing, a new response, or whether the stored one still holds. It wants
// nothing, and the response is not stored, for a GET or HEAD with content, If-Match,
// If-Unmodified-Since, an upgrade, an ambiguous keyed cookie, or a field such as X-Original-URL or
// X-HTTP-Method-Override, and where Rule.Get or Rule.Head is not set. It may wait for a fetch of
// another request, as long as Rule.Wait and Request.Deadline allow. The fault comes with Refuse
// alone: NotCached when the client takes only what is stored, OutOfTime at the deadline, or the
// origin's failure to serve the request that this one waited for. t must have begun, else it
// panics.
func (e *Engine) Lookup(t *Transaction) (Outcome, *exchange.Fault) {
	t.move(begun, asking)
	if t.role != roleFill {
		return AskOrigin, nil
	}
	e.find(t)
	if leadsNone(t) && bring(t) {
		e.find(t)
	}
	outcome, f := e.useFound(t)
	if outcome == AskOrigin && t.role == roleFill {
		outcome, f = e.collapse(t)
	}
	if outcome != AskOrigin {
		t.move(asking, settled)
	}
	return outcome, f
}

// leadsNone reports whether the request never leads a flight, whose leader alone looks into the
// shared tier: it wants a part, or the head, or nothing but what is stored.
func leadsNone(t *Transaction) bool {
	return t.rules.Ranged() || t.rules.Method == rfc9111.Head || t.decision.Use == rfc9111.Unsatisfiable
}

// find looks the request up: its URL, and when the response varies its variant.
func (e *Engine) find(t *Transaction) {
	s := &t.stored
	if s.entry == nil {
		s.entry = cache.AcquireEntry()
	}
	t.keys.forget()
	s.found, s.key = false, t.keys.base
	t.decision = rfc9111.Decision{Use: rfc9111.Nothing, Forward: rfc9111.ForwardURIMiss}
	if e.store.Get(s.entry, t.keys.base) == cache.Hit {
		if s.entry.Kind != cache.Variant {
			t.decide()
			return
		}
		e.findVariant(t)
		return
	}
	t.decideMiss()
}

// findVariant looks for the variant that the vary record in t.stored.entry leads to.
func (e *Engine) findVariant(t *Transaction) {
	s, k := &t.stored, &t.keys
	t.decision.Forward = rfc9111.ForwardVaryMiss
	k.record = s.entry.ID
	k.nominated = append(k.nominated[:0], s.entry.Meta...)
	k.choose(e.store, &t.asked)
	s.key = k.key
	id := variantID(k.values)
	if variantList(s.entry.Fields).index(id) >= 0 && e.store.Get(s.entry, k.key) == cache.Hit {
		e.uses.touch(k.record, id, t.times.now)
		t.decide()
		return
	}
	language := rfc9111.PreferredLanguage(&t.asked)
	if values, ok := rfc9111.AppendLanguageKey(t.scratch[:0], k.nominated, &t.asked, language); ok {
		t.scratch = values
		s.key = e.store.Variant(k.languageBuf, k.base, k.record, values)
		k.languageBuf = s.key.Bytes()
		if e.store.Get(s.entry, s.key) == cache.Hit {
			t.decide()
			return
		}
	}
	t.decideMiss()
}

// decide asks the rules whether what was found may be used.
func (t *Transaction) decide() {
	s := &t.stored
	if !s.meta.Decode(s.entry.Meta) {
		t.decideMiss()
		return
	}
	if s.entry.Soft {
		s.meta.Expire(t.times.now)
	}
	s.found, s.lines = true, s.entry.Fields
	t.decision = rfc9111.Decide(&s.meta, &t.rules, &t.rule.Policy, t.times.now)
}

// decideMiss keeps why nothing was found, unless the client takes only what is stored.
func (t *Transaction) decideMiss() {
	why := t.decision.Forward
	t.decision = rfc9111.Decide(nil, &t.rules, &t.rule.Policy, t.times.now)
	if t.decision.Use == rfc9111.Nothing {
		t.decision.Forward = why
	}
}

// useFound serves the request from the store if the decision says so. It may change the role
// to one in which the response is not for the store.
func (e *Engine) useFound(t *Transaction) (Outcome, *exchange.Fault) {
	t.status.say(rfc9111.Handling{Forward: t.decision.Forward})
	t.status.outcome = exchange.CacheMiss
	hit := rfc9111.Handling{Hit: true, Timed: true, TTL: t.decision.Left}
	switch t.decision.Use {
	case rfc9111.StaleWhileRevalidate:
		if hit.Detail = "stale-while-revalidate"; t.serveStored(hit) {
			e.refresh(t)
			return Serve, nil
		}
	case rfc9111.Fresh, rfc9111.StaleAccepted:
		if t.serveStored(hit) {
			return Serve, nil
		}
	case rfc9111.Unsatisfiable:
		return Refuse, exchange.Refuse(exchange.NotCached)
	case rfc9111.Bypass:
		t.role, t.status.outcome = roleBypass, exchange.CacheBypass
	default:
		e.chooseForward(t)
	}
	return AskOrigin, nil
}

// chooseForward chooses the role of a request for which the store has no usable response.
func (e *Engine) chooseForward(t *Transaction) {
	t.validates = t.stored.found && t.stored.meta.Flags.Has(rfc9111.Validatable) && t.rules.Method == rfc9111.Get
	switch {
	case t.rules.Method == rfc9111.Head:
		t.role = roleHead
	case !t.validates && (t.rules.Ranged() || e.store.Passes(t.keys.key)):
		t.role = rolePass // its own conditions and ranges are for the origin
	}
}
