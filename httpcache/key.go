package httpcache

import (
	"penstock/cache"
	"penstock/cache/rfc9111"
	"penstock/headers"
)

// keys are the names under which a request's response is stored.
type keys struct {
	base      cache.Key // of the URL, as its route counts it
	key       cache.Key // that of the variant, once a vary record is known; else base
	record    uint64    // id of the vary record; zero for none
	nominated []byte    // what the record lists
	values    []byte    // this request's values of it

	baseBuf, variantBuf, languageBuf []byte
}

// empty forgets the keys and keeps their memory.
func (k *keys) empty() {
	k.base, k.key, k.record = cache.Key{}, cache.Key{}, 0
	k.nominated, k.values = trim(k.nominated), trim(k.values)
	k.baseBuf, k.variantBuf, k.languageBuf = trim(k.baseBuf), trim(k.variantBuf), trim(k.languageBuf)
}

// forget goes back to the key of the URL.
func (k *keys) forget() { k.record, k.key = 0, k.base }

// choose makes the key of this request's variant, of the record that k has.
func (k *keys) choose(s *cache.Store, asked rfc9111.Fields) {
	k.values = rfc9111.AppendVariantKey(k.values[:0], k.nominated, asked)
	k.key = s.Variant(k.variantBuf, k.base, k.record, k.values)
	k.variantBuf = k.key.Bytes()
}

// union returns what the vary record lists together with names.
func (k *keys) union(names []byte) []byte {
	both := append([]byte("Vary: "), k.nominated...)
	both = append(append(both, ','), names...)
	lines := rfc9111.Lines(append(both, "\r\n"...))
	out, _ := rfc9111.AppendVary(nil, &lines)
	return out
}

// hop returns through which scheme and under which name a trusted proxy was asked; without
// one the scheme is that of the client's connection and the name is nil.
func (t *Transaction) hop() (scheme, name []byte) {
	scheme = t.engine.scheme(t.req.Scheme)
	if !t.req.Record.Trusted {
		return scheme, nil
	}
	if proto := t.req.Fields.Get(headers.XForwardedProto); proto != nil {
		scheme = t.engine.http
		if headers.SameName(proto, t.engine.https) {
			scheme = t.engine.https
		}
	}
	return scheme, t.req.Fields.Get(headers.XForwardedHost)
}

// makeKey makes the key of the request's URL: what its route counts of it. It is false when a
// keyed cookie is ambiguous: then the response cannot be stored under any value.
func (t *Transaction) makeKey() (certain bool) {
	scheme, name := t.hop()
	b := t.engine.store.NewKey(t.keys.baseBuf)
	b.URL(&cache.URL{
		Scheme: scheme, Host: t.req.Host, Path: t.req.Path, Query: t.req.Query, HasQuery: t.req.HasQuery, Rule: t.rule.Query,
	})
	b.Header(":route", t.rule.Route, true)
	if name != nil {
		b.Header(":forwarded-host", name, true)
	}
	for _, name := range t.rule.Headers {
		t.scratch = appendJoined(t.scratch[:0], &t.asked, name)
		b.Header(name, t.scratch, len(t.scratch) > 0)
	}
	certain = true
	for _, name := range t.rule.Cookies {
		value, found := t.req.Fields.Cookie(name)
		certain = certain && found != headers.AmbiguousCookie
		b.Cookie(name, value, found == headers.OneCookie)
	}
	t.keys.base = b.Key()
	t.keys.baseBuf = t.keys.base.Bytes()
	t.keys.key = t.keys.base
	return certain
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
