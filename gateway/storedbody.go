package gateway

import (
	"errors"
	"io"
	"math/rand/v2"
	"strconv"

	"penstock/cache"
	"penstock/cache/rfc9111"
	"penstock/exchange"
	"penstock/headers"
	"penstock/response"
)

// storedBody is a body on its way to the client, from the store or from another
// request's fetch: each piece is sent as it is at hand. It is one goroutine's, that of the
// request.
type storedBody struct {
	j      *journey
	size   int64               // bytes on the wire, framing aside; -1 is not known
	ranges []rfc9111.ByteRange // nil is all of it
	parts  rfc9111.Multipart   // with several ranges
	body   *cache.Body         // open on the first range; nil for what is inline, and with follow
	follow *cache.Follower     // another's fetch; nil for what is stored
	to     response.Sink
	sent   int64
	err    error
	line   []byte // of a chunk or a part
}

// opened reports whether there is a body to write.
func (s *storedBody) opened() bool { return s.j != nil }

func (s *storedBody) reset() {
	if s.body != nil {
		cache.ReleaseBody(s.body)
	}
	*s = storedBody{line: trim(s.line)}
}

// open prepares to send the stored body of j, or some ranges of it. It is false
// when a part that would come first is gone.
func (s *storedBody) open(j *journey, ranges []rfc9111.ByteRange) bool {
	c := &j.cache
	s.body = cache.AcquireBody()
	first := rfc9111.ByteRange{Last: c.entry.BodySize - 1}
	s.size = c.entry.BodySize
	if len(ranges) > 0 {
		first, s.size = ranges[0], ranges[0].Length()
	}
	if s.body.Open(j.g.store, c.entry, c.entryKey, first.First, first.Last+1) != nil {
		s.reset()
		return false
	}
	s.j, s.ranges = j, ranges
	if len(ranges) > 1 {
		s.describe(j)
		s.size = s.parts.Size(ranges)
	}
	return true
}

// describe chooses what stands between the parts: nobody can put into a body what
// nobody can guess.
func (s *storedBody) describe(j *journey) {
	boundary := strconv.AppendUint(nil, rand.Uint64(), 16)
	boundary = strconv.AppendUint(boundary, rand.Uint64(), 16)
	s.parts = rfc9111.Multipart{Boundary: string(boundary), Length: j.cache.entry.BodySize}
	for name, value, pos := j.cache.stored.Next(0); pos >= 0; name, value, pos = j.cache.stored.Next(pos) {
		if headers.SameName(name, []byte("content-type")) {
			s.parts.ContentType = value
		}
	}
}

// openFollow prepares to send what another request, or a fetch of this one, brings.
func (s *storedBody) openFollow(j *journey, f *cache.Follower, size int64) {
	s.j, s.follow, s.size = j, f, size
}

// Transfer implements response.Stream.
func (s *storedBody) Transfer(to response.Sink) error {
	s.to = to
	switch {
	case s.follow != nil:
		s.err = s.sendFollowed()
	case len(s.ranges) > 1:
		s.err = s.sendParts()
	default:
		s.err = s.sendBody()
	}
	s.j.x.Sent = s.sent
	return s.err
}

// Trailers implements response.Stream: stored responses have none.
func (s *storedBody) Trailers() []byte { return nil }

// sendBody sends what s.body is open on.
func (s *storedBody) sendBody() error {
	for {
		part, err := s.body.Next()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = s.write(part)
		}
		if err != nil {
			return err
		}
	}
}

// sendParts sends several ranges with their boundaries (RFC 9110 §14.6).
func (s *storedBody) sendParts() error {
	c := &s.j.cache
	for i, r := range s.ranges {
		s.line = s.parts.AppendPart(s.line[:0], i, r)
		if err := s.write(s.line); err != nil {
			return err
		}
		if i > 0 {
			if err := s.body.Open(s.j.g.store, c.entry, c.entryKey, r.First, r.Last+1); err != nil {
				return err
			}
		}
		if err := s.sendBody(); err != nil {
			return err
		}
	}
	s.line = s.parts.AppendEnd(s.line[:0])
	return s.write(s.line)
}

// followPiece is how much of a followed body is written at once.
const followPiece = 16 << 10

// sendFollowed sends a body as it arrives. The fetch is timed by its own progress,
// so its end, good or bad, is certain to come.
func (s *storedBody) sendFollowed() error {
	buf := s.j.g.pieces.Get().(*[followPiece]byte)
	defer s.j.g.pieces.Put(buf)
	for {
		n, err := s.follow.Read(buf[:], nil)
		if n > 0 {
			err = s.write(buf[:n])
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
func (s *storedBody) write(p []byte) error {
	out := p
	if s.to.Chunked {
		s.line = append(strconv.AppendInt(s.line[:0], int64(len(p)), 16), "\r\n"...)
		s.line = append(append(s.line, p...), "\r\n"...)
		out = s.line
	}
	_, err := s.to.To.WriteMoving(out, s.to.Idle)
	if err == nil {
		s.sent += int64(len(p))
	}
	return err
}

// CloseWithError implements response.Stream.
func (s *storedBody) CloseWithError(err error) error {
	if s.err == nil {
		s.err = err
	}
	if s.j != nil && s.err != nil && s.j.x.Fault == nil {
		s.j.x.Fault = bodyFault(s.err)
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
	return exchange.Refuse(exchange.ClientGone)
}
