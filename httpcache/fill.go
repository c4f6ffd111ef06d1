package httpcache

import (
	"bytes"
	"time"

	"penstock/cache"
	"penstock/cache/rfc9111"
	"penstock/headers"
)

// fill is how a response comes into the store.
type fill struct {
	lead    *cache.Leader   // the flight that others may follow; nil when this request leads none
	writer  *cache.Writer   // stores a body as it comes; nil when nothing is stored
	size    int64           // of a body that is detached; -1 is not known
	judged  bool            // there was a response of the origin to judge
	refusal rfc9111.Refusal // why the rules do not store it
	lost    cache.Refusal   // why the store itself did not take it

	lines []byte // the field lines that are stored
	meta  []byte
	tags  [][]byte
}

// empty forgets the fill and keeps its memory.
func (f *fill) empty() {
	clear(f.tags)
	f.lead, f.writer, f.size = nil, nil, 0
	f.judged, f.refusal, f.lost = false, rfc9111.Storable, cache.Stored
	f.lines, f.meta, f.tags = trim(f.lines), trim(f.meta), f.tags[:0]
}

// fail ends the fetch with an error, which every follower gets.
func (f *fill) fail(err error) {
	if f.lead != nil {
		f.lead.Fail(err)
		f.lead = nil
	}
}

// storable reports whether neither the rules nor the store refuse.
func (f *fill) storable() bool { return f.refusal == rfc9111.Storable && f.lost == cache.Stored }

// drop takes two fields out of the lines; a nil name is none.
func (f *fill) drop(a, b []byte) {
	kept := f.lines[:0]
	for rest := f.lines; len(rest) > 0; {
		line, after, _ := bytes.Cut(rest, []byte("\r\n"))
		name, _, _ := bytes.Cut(line, []byte(":"))
		if !headers.SameName(name, a) && !headers.SameName(name, b) {
			kept = append(append(kept, line...), "\r\n"...)
		}
		rest = after
	}
	f.lines = kept
}

// dropOwn takes out of the lines the fields that each response has of its own: the request's
// id, and the length, which is that of the stored body.
func (f *fill) dropOwn(id []byte) { f.drop(id, []byte("content-length")) }

// newFill describes the entry that is stored.
func (t *Transaction) newFill(size int64) cache.Fill {
	t.fill.meta = t.stored.meta.Append(t.fill.meta[:0])
	t.fill.tags = appendTags(t.fill.tags[:0], t.fill.lines, t.rule.Tags)
	f := cache.Fill{Meta: t.fill.meta, Fields: t.fill.lines, Size: size, Tags: t.fill.tags}
	if t.keys.record != 0 {
		f.Asked = t.keys.base.Hash()
	}
	lifetimes(&f.Head, &t.stored.meta, &t.rule.Policy)
	f.Seen = t.times.tick
	return f
}

// lifetimes fills the times of a stored entry, by which the store knows whether it is still
// of use.
func lifetimes(h *cache.Head, m *rfc9111.Meta, p *rfc9111.Policy) {
	or := func(named, ours time.Duration) time.Duration {
		if named == rfc9111.Unnamed {
			return ours
		}
		return named
	}
	end := m.Born.Add(m.Lifetime)
	h.Created, h.Expires = int64(m.Received), int64(end)
	h.StaleRevalidate = int64(end.Add(or(m.StaleWhileRevalidate, p.StaleWhileRevalidate)))
	h.StaleError = int64(end.Add(or(m.StaleIfError, max(p.StaleUnreachable, p.StaleServerError))))
	h.Status = uint16(m.Status)
}
