package httpcache

import (
	"bytes"

	"penstock/cache"
	"penstock/cache/rfc9111"
	"penstock/exchange"
	"penstock/headers"
)

// readRequest reads what the rules need of the request and chooses the role.
func (t *Transaction) readRequest() {
	t.asked = requestFields{block: t.req.Fields, trusted: t.req.Record.Trusted}
	t.rules = rfc9111.ReadRequest(rfc9111.MethodOf(t.req.Method), &t.asked)
	if len(t.req.Record.Identity().Name()) > 0 {
		t.rules.Authorization = true // the gateway has verified who asks, by whatever field
	}
	t.rules.Body = t.req.Body
	t.role, t.status.outcome, t.status.Forward = roleBypass, exchange.CacheBypass, rfc9111.ForwardBypass
	switch t.rules.Method {
	case rfc9111.Get, rfc9111.Head:
		if mayUseStore(t) && t.makeKey() {
			t.role = roleFill
		}
	case rfc9111.Options, rfc9111.Trace:
		t.status.Forward = rfc9111.ForwardMethod
	default:
		t.role, t.status.Forward = roleChange, rfc9111.ForwardMethod
		t.makeKey()
	}
}

// mayUseStore reports whether a GET or HEAD may be served from the store, and its response
// be stored.
func mayUseStore(t *Transaction) bool {
	return !t.req.Body && t.rule.serves(t.rules.Method) && !originJudges(t.req.Fields) && !overrides(t.req.Fields) && !t.req.Upgrade
}

// originJudges reports whether a request has a condition that only the origin may judge
// (RFC 9111 §4.3.2).
func originJudges(b *headers.Block) bool {
	return b.Has(headers.IfMatch) || b.Has(headers.IfUnmodifiedSince)
}

// overrides reports whether a request asks the origin, by a field that no key shows, for
// another method or path than its own. Frameworks obey such fields, and their response must
// not be taken for that of the URL. They read "_" as "-".
func overrides(b *headers.Block) bool {
	for i := range b.Fields {
		if f := &b.Fields[i]; f.ID == headers.Other && len(f.Name) >= len("x-http-method") && overriding(f.Name) {
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

// Shapes reports whether the cache writes the query of the request for the origin, by
// AppendQuery: for every GET and HEAD on a route that caches.
func (t *Transaction) Shapes() bool {
	return t.rule != nil && (t.rules.Method == rfc9111.Get || t.rules.Method == rfc9111.Head)
}

// Host returns the Host that the origin sees: the normal form that the key has where the request
// has one, valid until Reset, else host itself. A request has a key when the store may serve it or
// its method is unsafe. An empty host stays empty.
func (t *Transaction) Host(host []byte) []byte {
	if len(t.keys.base.Bytes()) == 0 || len(host) == 0 {
		return host
	}
	return t.keys.base.Host()
}

// AppendQuery appends to a target the query that the origin sees, after mark: what the key
// counts of it, and nothing else. It appends nothing when the target has no query or, unless the
// whole query counts, when that is empty.
func (t *Transaction) AppendQuery(dst []byte, mark byte) []byte {
	if !t.req.HasQuery {
		return dst
	}
	if t.rule.Query.Mode() == cache.QueryAll {
		return append(append(dst, mark), t.req.Query...)
	}
	t.scratch = t.rule.Query.Append(t.scratch[:0], t.req.Query)
	if len(t.scratch) == 0 {
		return dst
	}
	return append(append(dst, mark), t.scratch...)
}

// Prepare edits the fields of the request for the origin and records the time. It drops the
// client's conditions and ranges when the cache evaluates them itself, and fields that a backend
// may take for one that selects the response. Call it before each attempt between Lookup, when
// that returned AskOrigin, and Store; elsewhere it panics, but on an idle transaction it does
// nothing.
func (t *Transaction) Prepare(fields *headers.Block) {
	if t.phase == idle {
		return
	}
	t.move(asking, asking)
	t.times.sent, t.times.tick = t.engine.clock.instant(), t.engine.store.Clock()
	if t.role == roleBypass || t.role == roleChange {
		return
	}
	own := t.role == roleFill || t.role == roleRefresh
	for i := range fields.Fields {
		if f := &fields.Fields[i]; own && rfc9111.ClientCondition(f.Name) || t.shadows(f.Name) {
			f.Drop = true
		}
	}
}

// shadows reports whether a backend may take a field for one that selects the response: they
// differ in "_" for "-" alone. The key does not show its value, so the origin must not see it.
func (t *Transaction) shadows(name []byte) bool {
	return bytes.IndexByte(name, '_') >= 0 && (headers.Folds(name, t.rule.Shadowed) || nominates(t.keys.nominated, name))
}

// AppendValidators appends the lines that ask the origin whether the stored response still
// holds, if it shall be asked, else nothing, and returns the longer slice.
func (t *Transaction) AppendValidators(dst []byte) []byte {
	if !t.validates {
		return dst
	}
	return rfc9111.AppendValidators(dst, &t.stored.lines)
}
