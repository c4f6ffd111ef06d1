package gateway

import (
	"sync"
	"sync/atomic"

	"penstock/headers"
)

// bodyBuffers has the memory for request bodies, or their beginnings, that are read before a
// backend is chosen. Together the buffers stay within a budget. The last quarter of it is kept
// for the first buffers of bodies without a length, because others can do without.
type bodyBuffers struct {
	limit atomic.Int64 // bytes
	used  atomic.Int64
	pools [len(bodySizes)]sync.Pool // of *bodyBuffer, by size
}

// bodySizes are the sizes of buffers. One that is full is replaced by the next larger one, so
// that a client that sends little costs little, whatever it has announced.
var bodySizes = [...]int{4 << 10, 16 << 10, smallBody}

// bodyBuffer holds bytes of one body.
type bodyBuffer struct {
	data  []byte // what was read; its capacity is one of bodySizes
	class int
}

// first returns an empty buffer of the smallest class, nil when the budget has no room for it.
func (b *bodyBuffers) first(kind headers.BodyKind) *bodyBuffer {
	limit := b.limit.Load()
	if kind == headers.Sized {
		limit -= limit / 4
	}
	return b.take(0, limit)
}

// take returns an empty buffer of a class, nil when more than limit bytes would be in use.
func (b *bodyBuffers) take(class int, limit int64) *bodyBuffer {
	size := int64(bodySizes[class])
	if b.used.Add(size) > limit {
		b.used.Add(-size)
		return nil
	}
	if got, ok := b.pools[class].Get().(*bodyBuffer); ok {
		return got
	}
	return &bodyBuffer{data: make([]byte, 0, size), class: class}
}

// grow returns a larger buffer with the bytes of p, which it gives back; nil, and p stays as it
// is, when the budget has no room for it.
func (b *bodyBuffers) grow(p *bodyBuffer) *bodyBuffer {
	limit := b.limit.Load()
	next := b.take(p.class+1, limit-limit/4)
	if next != nil {
		next.data = append(next.data, p.data...)
		b.give(p)
	}
	return next
}

// give takes back a buffer; nil is none.
func (b *bodyBuffers) give(p *bodyBuffer) {
	if p == nil {
		return
	}
	p.data = p.data[:0]
	b.used.Add(-int64(bodySizes[p.class]))
	b.pools[p.class].Put(p)
}
