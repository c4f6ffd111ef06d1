package cache

import (
	"errors"
	"fmt"
	"io"
	"sync"
)

// ErrVanished says that a part of a body was pushed out of the store. The bytes that were read
// before it are right. The entry is then deleted. Next wraps it: compare with errors.Is.
var ErrVanished = errors.New("cache: a segment of the body is no longer in the store")

// Body reads a stored body, or a range of it, segment by segment. It is one goroutine's at a
// time. Before Open, and as its zero value, it is an empty body.
type Body struct {
	store   *Store
	key     Key
	entry   Head
	at, end int64
	inline  []byte // the rest of an inline body
	ahead   []byte // what Read has left of the last segment
	saves   bool   // segments that are read are written anew, to stay
	buf     []byte
	keyBuf  []byte
}

var bodies = sync.Pool{New: func() any { return new(Body) }}

// AcquireBody returns an empty body for Open; give it back with ReleaseBody.
func AcquireBody() *Body { return bodies.Get().(*Body) }

// ReleaseBody gives a body back, read to its end or not. b must not be used any more, and the
// last part that Next returned is no longer valid.
func ReleaseBody(b *Body) {
	b.close()
	*b = Body{buf: b.buf[:0], keyBuf: b.keyBuf[:0]}
	bodies.Put(b)
}

// Open prepares to read the bytes [from, to) of the body of e, which Store.Get found in s under
// k; from equal to to is an empty body. A range that is not within the body is an error that
// leaves b as it was. ErrVanished means that a segment of the range is missing: the entry is
// then deleted and b must not be read. Segments may still be pushed out while b is read. k is
// copied; e must not be used for another Get, nor released, while an inline body is read.
func (b *Body) Open(s *Store, e *Entry, k Key, from, to int64) error {
	if from < 0 || to < from || to > e.BodySize {
		return fmt.Errorf("cache: range [%d, %d) of a body of %d bytes", from, to, e.BodySize)
	}
	b.close() // of what was read before
	b.store, b.entry, b.at, b.end = s, e.Head, from, to
	b.inline, b.ahead = nil, nil
	if e.Kind != Segments {
		b.inline = e.Inline[from:to]
		return nil
	}
	if from < to && !s.ring.hasSegments(e.ID, from/segmentSize, (to-1)/segmentSize) {
		s.count.vanished.Add(1)
		s.forget(k, e.ID)
		return ErrVanished
	}
	b.key = k.clone(b.keyBuf)
	b.keyBuf = b.key.parts
	worth := !e.Soft && e.usableUntil() > s.now().UnixMilli()
	b.saves = from == 0 && to == e.BodySize && s.ring.nearTail(e.written) && worth && s.rewrite.claim(e.ID)
	return nil
}

// Next returns the next part of the body, valid until the next call: at most 16 KiB of one in
// segments, all of an inline one. At the end it returns io.EOF. It returns an error that wraps
// ErrVanished, and deletes the entry, when the part was pushed out. With an error the part is
// nil.
func (b *Body) Next() ([]byte, error) {
	if len(b.inline) > 0 {
		part := b.inline
		b.at, b.inline = b.end, nil
		return part, nil
	}
	if b.at >= b.end {
		return nil, io.EOF
	}
	index := b.at / segmentSize
	if !b.gather(index) {
		b.store.count.vanished.Add(1)
		b.store.forget(b.key, b.entry.ID)
		return nil, fmt.Errorf("segment %d of a body of %d bytes: %w", index, b.entry.BodySize, ErrVanished)
	}
	start := b.at - index*segmentSize
	part := b.buf[segmentSumSize:][start:min(int64(len(b.buf)-segmentSumSize), b.end-index*segmentSize)]
	b.at += int64(len(part))
	if b.at == b.end && b.saves {
		b.store.rewriteHead(&b.entry, b.key)
		b.close()
	}
	return part, nil
}

// gather reads a few segments into the buffer, as many as are still whole, and
// reports whether there is one at all. While the body is rewritten it is one at
// a time.
func (b *Body) gather(first int64) bool {
	b.buf = segmentBuffer(b.buf)
	last := min(first+partSegments-1, (b.end-1)/segmentSize)
	for i := first; i <= last; i++ {
		value, ok := b.store.ring.appendSegment(b.buf, b.entry.ID, i, segmentLength(b.entry.BodySize, i))
		if !ok {
			return i > first
		}
		b.buf = value
		if b.saves && !b.store.rewriteSegment(b.entry.ID, i, value) {
			b.close()
		}
		if b.saves {
			break
		}
	}
	return true
}

// Read implements io.Reader with a copy of what Next returns. Its errors are those of Next; an
// error comes with 0 bytes.
func (b *Body) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(b.ahead) == 0 {
		part, err := b.Next()
		if err != nil {
			return 0, err
		}
		b.ahead = part
	}
	n := copy(p, b.ahead)
	b.ahead = b.ahead[n:]
	return n, nil
}

// WriteTo implements io.WriterTo: it writes the rest of the body without another copy. Its error
// is nil at the end of the body, else that of w or of Next.
func (b *Body) WriteTo(w io.Writer) (total int64, err error) {
	part := b.ahead
	b.ahead = nil
	for {
		if len(part) > 0 {
			n, err := w.Write(part)
			total += int64(n)
			if err != nil {
				return total, err
			}
		}
		if part, err = b.Next(); err != nil {
			if err == io.EOF {
				err = nil
			}
			return total, err
		}
	}
}

// close ends the rewriting of what is read.
func (b *Body) close() {
	if b.saves {
		b.store.rewrite.release(b.entry.ID)
		b.saves = false
	}
}

// forget deletes an entry that has lost a segment, unless it was replaced.
func (s *Store) forget(k Key, id uint64) {
	b := buffers.Get().(*buffer)
	defer buffers.Put(b)
	lock := s.lock(k)
	defer lock.Unlock()
	if s.holds(b, k, id) {
		s.ring.remove(s.ring.shards.of(k), k.raw)
	}
}
