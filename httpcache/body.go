package httpcache

import (
	"errors"
	"io"
	"math/rand/v2"
	"strconv"
	"sync"

	"penstock/cache"
	"penstock/cache/rfc9111"
	"penstock/exchange"
	"penstock/headers"
	"penstock/response"
)

// body is a body on its way to the client, from the store or from a fetch: each part is sent
// as it is at hand. It is one goroutine's, that of the request.
type body struct {
	record *exchange.Exchange
	store  *cache.Store
	entry  *cache.Entry // of a stored body
	key    cache.Key
	size   int64               // bytes on the wire, framing aside; -1 is not known
	ranges []rfc9111.ByteRange // nil is all of it
	parts  rfc9111.Multipart   // with several ranges
	stored *cache.Body         // open on the first range; nil for what is inline, and with follow

	follow  *cache.Follower // of a fetch; nil for what is stored
	buffers *sync.Pool      // of *[transferSize]byte, with follow

	to    response.Sink
	sent  int64
	err   error
	frame []byte // memory of a chunk, or of the head of a part
}

// transferSize is how much of a body that passes through the cache is moved at once.
const transferSize = 16 << 10

// opened reports whether there is a body to write.
func (b *body) opened() bool { return b.stored != nil || b.follow != nil }

func (b *body) reset() {
	if b.stored != nil {
		cache.ReleaseBody(b.stored)
	}
	frame := trim(b.frame)
	*b = body{}
	b.frame = frame
}

// open prepares to send a stored body, or some ranges of it. It is false when a part that
// would come first is gone.
func (b *body) open(store *cache.Store, s *stored, ranges []rfc9111.ByteRange) bool {
	b.store, b.entry, b.key, b.ranges = store, s.entry, s.key, ranges
	b.stored = cache.AcquireBody()
	first := rfc9111.ByteRange{Last: s.entry.BodySize - 1}
	b.size = s.entry.BodySize
	if len(ranges) > 0 {
		first, b.size = ranges[0], ranges[0].Length()
	}
	if b.stored.Open(store, b.entry, b.key, first.First, first.Last+1) != nil {
		b.reset()
		return false
	}
	if len(ranges) > 1 {
		b.describe(&s.lines)
		b.size = b.parts.Size(ranges)
	}
	return true
}

// describe sets the boundary and the fields of the parts. The boundary is random, so that a
// body cannot contain it on purpose.
func (b *body) describe(fields rfc9111.Fields) {
	boundary := strconv.AppendUint(nil, rand.Uint64(), 16)
	boundary = strconv.AppendUint(boundary, rand.Uint64(), 16)
	b.parts = rfc9111.Multipart{Boundary: string(boundary), Length: b.entry.BodySize}
	for name, value, pos := fields.Next(0); pos >= 0; name, value, pos = fields.Next(pos) {
		if headers.SameName(name, []byte("content-type")) {
			b.parts.ContentType = value
		}
	}
}

// openFollow prepares to send what a fetch brings.
func (b *body) openFollow(f *cache.Follower, size int64, buffers *sync.Pool) {
	b.follow, b.size, b.buffers = f, size, buffers
}

// Transfer implements response.Stream.
func (b *body) Transfer(to response.Sink) error {
	b.to = to
	switch {
	case b.follow != nil:
		b.err = b.sendFollowed()
	case len(b.ranges) > 1:
		b.err = b.sendParts()
	default:
		b.err = b.sendStored()
	}
	b.record.Sent = b.sent
	return b.err
}

// Trailers implements response.Stream: stored responses have none.
func (b *body) Trailers() []byte { return nil }

// sendStored sends what b.stored is open on.
func (b *body) sendStored() error {
	for {
		part, err := b.stored.Next()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = b.write(part)
		}
		if err != nil {
			return err
		}
	}
}

// sendParts sends several ranges with their boundaries (RFC 9110 §14.6).
func (b *body) sendParts() error {
	for i, r := range b.ranges {
		b.frame = b.parts.AppendPart(b.frame[:0], i, r)
		if err := b.write(b.frame); err != nil {
			return err
		}
		if i > 0 {
			if err := b.stored.Open(b.store, b.entry, b.key, r.First, r.Last+1); err != nil {
				return err
			}
		}
		if err := b.sendStored(); err != nil {
			return err
		}
	}
	b.frame = b.parts.AppendEnd(b.frame[:0])
	return b.write(b.frame)
}

// sendFollowed sends a body as it arrives. The fetch is timed by its own progress, so its
// end, good or bad, is certain to come.
func (b *body) sendFollowed() error {
	buf := b.buffers.Get().(*[transferSize]byte)
	defer b.buffers.Put(buf)
	for {
		n, err := b.follow.Read(buf[:], nil)
		if n > 0 {
			err = b.write(buf[:n])
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// write sends bytes of the body.
func (b *body) write(p []byte) error {
	out := p
	if b.to.Chunked {
		b.frame = append(strconv.AppendInt(b.frame[:0], int64(len(p)), 16), "\r\n"...)
		b.frame = append(append(b.frame, p...), "\r\n"...)
		out = b.frame
	}
	_, err := b.to.To.WriteMoving(out, b.to.Idle)
	if err == nil {
		b.sent += int64(len(p))
	}
	return err
}

// CloseWithError implements response.Stream.
func (b *body) CloseWithError(err error) error {
	if b.err == nil {
		b.err = err
	}
	if b.err != nil && b.record != nil && b.record.Fault == nil {
		b.record.Fault = bodyFault(b.err)
	}
	return nil
}

// bodyFault says what ended a body that the cache delivers.
func bodyFault(err error) *exchange.Fault {
	if f, ok := errors.AsType[*exchange.Fault](err); ok {
		return f
	}
	if errors.Is(err, cache.ErrVanished) || errors.Is(err, cache.ErrBehind) || errors.Is(err, cache.ErrAbandoned) {
		return &exchange.Fault{Kind: exchange.HTTPResponseIncomplete, Source: exchange.Gateway, Begun: true, Err: err}
	}
	if errors.Is(err, response.ErrTooSlow) {
		return exchange.Refuse(exchange.SlowClient)
	}
	if errors.Is(err, response.ErrSlowest) {
		return exchange.Refuse(exchange.TooManySlow)
	}
	return exchange.Refuse(exchange.ClientGone)
}
