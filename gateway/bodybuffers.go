package gateway

import (
	"sync"
	"sync/atomic"
)

// bodyBuffers has the memory for request bodies, or their beginnings, that are read before a
// backend is chosen. Together the buffers stay within a budget.
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

// take returns an empty buffer of a class, nil when the budget has no room for it.
func (b *bodyBuffers) take(class int) *bodyBuffer {
	size := int64(bodySizes[class])
	if b.used.Add(size) > b.limit.Load() {
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
	next := b.take(p.class + 1)
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
