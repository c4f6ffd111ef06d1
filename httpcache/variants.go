package httpcache

import (
	"bytes"
	"encoding/binary"

	"penstock/cache"
	"penstock/cache/rfc9111"
)

// selects finds the key of the response's variant. It is false when the response can be for
// this one request only.
func (e *Engine) selects(t *Transaction) bool {
	k := &t.keys
	names, variance := rfc9111.AppendVary(t.scratch[:0], &t.answered)
	t.scratch = names
	switch {
	case variance == rfc9111.VariesOnAll:
		return false
	case variance == rfc9111.VariesNot:
		names = nil
	}
	if k.record != 0 { // what selected a variant before goes on selecting
		names = k.union(names)
		if bytes.Equal(names, k.nominated) && e.listVariant(t) {
			return true
		}
	}
	if len(names) == 0 {
		k.nominated, k.values = k.nominated[:0], k.values[:0]
		return true
	}
	if variesOn(names, t.rule.OwnRequest) || sentShadow(t, names) {
		return false
	}
	k.nominated = append(k.nominated[:0], names...)
	k.values = rfc9111.AppendVariantKey(k.values[:0], k.nominated, &t.asked)
	record, refusal := e.store.PutVariant(k.base, recordFill(t, variantList(nil).with(variantID(k.values))))
	if refusal != cache.Stored {
		return false
	}
	k.record = record
	k.choose(e.store, &t.asked)
	share(t, k.base)
	return true
}

// sentShadow reports whether the origin was sent a field that it may have taken for one of the
// nominated ones.
func sentShadow(t *Transaction, nominated []byte) bool {
	for name, _, pos := t.asked.Next(0); pos >= 0; name, _, pos = t.asked.Next(pos) {
		if bytes.IndexByte(name, '_') >= 0 && !t.shadows(name) && nominates(nominated, name) {
			return true
		}
	}
	return false
}

// recordFill describes a vary record with a list of variants.
func recordFill(t *Transaction, list variantList) *cache.Fill {
	return &cache.Fill{Head: cache.Head{Created: int64(t.times.sent), Seen: t.times.tick}, Meta: t.keys.nominated, Fields: list}
}

// listVariant lists the variant of the request in the vary record. It is false when the record
// has been replaced meanwhile.
func (e *Engine) listVariant(t *Transaction) bool {
	change := changeList(t)
	if change == listChanged {
		share(t, t.keys.base)
	}
	return change != listGone
}

// listChange is what became of a list of variants.
type listChange uint8

const (
	listGone    listChange = iota // its record has been replaced
	listSame                      // the variant was listed
	listChanged                   // it is now
)

// changeList lists the variant of the request. When the record lists as many as the route
// allows, the least used one gives way.
func changeList(t *Transaction) listChange {
	e, k, id := t.engine, &t.keys, variantID(t.keys.values)
	e.listing.Lock()
	defer e.listing.Unlock()
	record := cache.AcquireEntry()
	defer cache.ReleaseEntry(record)
	if e.store.Get(record, k.base) != cache.Hit || record.Kind != cache.Variant || record.ID != k.record {
		return listGone
	}
	list := variantList(record.Fields)
	switch {
	case list.index(id) >= 0:
		return listSame
	case list.len() < t.rule.MaxVariants:
		list = list.with(id)
	default:
		list = variantList(bytes.Clone(list))
		list.replaceLeast(&e.uses, k.record, id, t.times.now)
	}
	if e.store.Update(record, k.base, recordFill(t, list)) != cache.Stored {
		return listSame // it is purged, and so is the variant
	}
	return listChanged
}

// variantID returns the FNV-1a hash of the values that select a variant. Variants with the
// same id share a place in a list, which is harmless, because their keys differ.
func variantID(values []byte) uint64 {
	id := uint64(14695981039346656037)
	for _, c := range values {
		id = (id ^ uint64(c)) * 1099511628211
	}
	return id
}

// variantList lists the ids of the variants of a URL, 8 bytes each.
type variantList []byte

func (l variantList) len() int { return len(l) / 8 }

func (l variantList) at(i int) uint64 { return binary.LittleEndian.Uint64(l[8*i:]) }

func (l variantList) set(i int, id uint64) { binary.LittleEndian.PutUint64(l[8*i:], id) }

// index returns the place of an id, -1 when it is not listed.
func (l variantList) index(id uint64) int {
	for i := range l.len() {
		if l.at(i) == id {
			return i
		}
	}
	return -1
}

// with returns a list of its own with one id more.
func (l variantList) with(id uint64) variantList {
	return binary.LittleEndian.AppendUint64(bytes.Clone(l), id)
}

// replaceLeast puts id in the place of the least used variant of l.
func (l variantList) replaceLeast(u *uses, record uint64, id uint64, now rfc9111.Instant) {
	least, fewest := 0, uint64(1<<63)
	for i := range l.len() {
		if n := u.count(record, l.at(i), now); n < fewest {
			least, fewest = i, n
		}
	}
	l.set(least, id)
	u.set(record, id, 0, now)
}
