package httpcache

import (
	"time"

	"penstock/cache"
	"penstock/cache/rfc9111"
	"penstock/ops"
)

// appendName appends the portable form of one of a request's keys: of the URL, of the variant,
// or of a variant by its language.
func (k *keys) appendName(dst []byte, key cache.Key, asked rfc9111.Fields) []byte {
	switch {
	case key.Hash() == k.base.Hash():
		return k.base.AppendPortable(dst)
	case key.Hash() == k.key.Hash():
		return k.base.AppendPortableVariant(dst, k.nominated, k.values)
	}
	values, _ := rfc9111.AppendLanguageKey(nil, k.nominated, asked, rfc9111.PreferredLanguage(asked))
	return k.base.AppendPortableVariant(dst, k.nominated, values)
}

// bring copies from the tier into the store what a request that missed asks for. It reports
// whether it is worth looking again.
func bring(t *Transaction) bool {
	e, s, k := t.engine, t.engine.shared, &t.keys
	if s == nil || t.stored.found || e.store.Passes(k.key) || !s.log.catchUp() {
		return false
	}
	b := s.buffers.Get().(*tierBuffer)
	defer s.buffers.Put(b)
	deadline := time.Now().Add(s.budget)
	brought := k.record == 0
	if brought {
		b.name = k.base.AppendPortable(b.name[:0])
		switch {
		case !s.get(b, deadline):
			return false
		case b.record.Kind == cache.Whole:
			return s.fill(b, k.base, 0)
		case !bringRecord(t, b):
			return false
		}
	}
	b.name = k.base.AppendPortableVariant(b.name[:0], k.nominated, k.values)
	if s.get(b, deadline) && s.fill(b, k.key, k.base.Hash()) {
		return e.listVariant(t) || brought
	}
	values, ok := rfc9111.AppendLanguageKey(t.scratch[:0], k.nominated, &t.asked, rfc9111.PreferredLanguage(&t.asked))
	if t.scratch = values; !ok {
		return brought
	}
	b.name = k.base.AppendPortableVariant(b.name[:0], k.nominated, values)
	if !s.get(b, deadline) {
		return brought
	}
	key := e.store.Variant(k.languageBuf, k.base, k.record, values)
	k.languageBuf = key.Bytes()
	return s.fill(b, key, k.base.Hash()) || brought
}

// bringRecord makes the store's own vary record of the one that was read, and chooses the
// variant of the request.
func bringRecord(t *Transaction, b *tierBuffer) bool {
	r, k, store := &b.record, &t.keys, t.engine.store
	if r.Kind != cache.Variant {
		return false
	}
	id, refusal := store.PutVariant(k.base, &cache.Fill{Head: r.Head, Meta: r.Meta, Fields: r.Fields})
	if refusal != cache.Stored {
		return false
	}
	k.record, k.nominated = id, append(k.nominated[:0], r.Meta...)
	k.choose(store, &t.asked)
	return true
}

// share copies into the shared tier what the store has under one of the request's keys.
func share(t *Transaction, key cache.Key) {
	if s := t.engine.shared; s != nil {
		s.put(key, t.keys.appendName(nil, key, &t.asked), t.rule.Tags)
	}
}

// update replaces the stored response, everywhere.
func update(t *Transaction, f *cache.Fill) cache.Refusal {
	r := t.engine.store.Update(t.stored.entry, t.stored.key, f)
	if r == cache.Stored {
		share(t, t.stored.key)
	}
	return r
}

// remove deletes the stored response, everywhere.
func remove(t *Transaction) {
	t.engine.store.Delete(t.stored.key)
	if s := t.engine.shared; s != nil {
		s.remove(t.keys.appendName(nil, t.stored.key, &t.asked))
	}
}

// purgeKey purges the URL of a key, on every route, everywhere.
func purgeKey(e *Engine, k cache.Key, soft bool) error {
	clock := e.store.Clock()
	err := e.store.PurgeURL(k, soft)
	if e.shared != nil {
		e.shared.tell(SharedPurge{Scope: ops.CacheScopeURL, Soft: soft, Key: k.AppendPortable(nil)}, clock)
	}
	return err
}
