package gateway

import (
	"errors"
	"io"
	"time"

	"penstock/exchange"
	"penstock/headers"
	"penstock/upstream"
)

// gatherTime is how long the beginning of a large body, or of one without a length, is waited
// for before a backend is chosen.
const gatherTime = 250 * time.Millisecond

// upload is the request body as it goes to the backend.
type upload struct {
	body  upstream.Body
	begin *bodyBuffer   // what was read before a backend was asked; nil for nothing
	sent  int           // bytes of it that the stream has returned
	began bool          // the stream was read: the body cannot be sent again
	took  time.Duration // in which begin was read
}

// receive takes the request body as far as that is wise before a backend is picked, so that a
// slow client costs no backend: a small one of known length as a whole, which can also be sent
// again; of any other the first 64 KiB, or what comes of it in gatherTime. The rest is streamed.
func (g *proxy) receive(j *journey) *exchange.Fault {
	limit, framing := j.route.maxBody, j.request.Framing
	if framing.Kind == headers.NoBody {
		return nil
	}
	if framing.Kind == headers.Sized && limit >= 0 && framing.Length > limit {
		return exchange.Refuse(exchange.BodyTooLarge)
	}
	j.upload.body = upstream.Body{Framing: framing}
	if framing.Kind == headers.Sized && framing.Length == 0 {
		return nil
	}
	j.body.open(j.stream, limit, j.route)
	if f := j.invite(); f != nil {
		return f
	}
	small := framing.Kind == headers.Sized && framing.Length <= smallBody
	if small {
		if j.upload.body.Bytes = j.body.atHand(); j.upload.body.Bytes != nil {
			return nil
		}
	}
	j.taken.holdSlow(j.stream.Pace(), g.slow)
	began := g.now()
	j.body.start(began, g.now)
	whole, f := g.gather(j, small)
	j.upload.took = g.now().Sub(began)
	switch {
	case f != nil:
		return f
	case whole && framing.Kind == headers.Sized:
		j.upload.body.Bytes = j.upload.begin.data
	default:
		j.upload.body.Stream = (*uploadStream)(j)
		j.upload.body.Abort = j.bound.abortBody
		j.upload.body.Pace = j.taken.pace
		j.upload.body.Trailers = j.bound.bodyTrailers
	}
	return nil
}

// gather reads the beginning of the body into j.upload.begin. It reports whether that is all of
// it. A small body is waited for as long as its client may take, any other for gatherTime.
func (g *proxy) gather(j *journey, small bool) (whole bool, f *exchange.Fault) {
	if !small {
		j.body.until = g.now().Add(gatherTime)
		defer func() { j.body.until = time.Time{} }()
	}
	u := &j.upload
	if u.begin = g.bodies.first(j.request.Framing.Kind); u.begin == nil {
		return false, j.noBuffer()
	}
	for {
		if room := cap(u.begin.data); len(u.begin.data) == room {
			if room == smallBody {
				return false, nil
			}
			larger := g.bodies.grow(u.begin)
			if larger == nil {
				return false, nil // what has come goes on with the rest
			}
			u.begin = larger
		}
		n, err := j.body.Read(u.begin.data[len(u.begin.data):cap(u.begin.data)])
		u.begin.data = u.begin.data[:len(u.begin.data)+n]
		switch {
		case errors.Is(err, errNotYet):
			return false, nil
		case err == io.EOF:
			return true, nil
		case err != nil:
			return false, err.(*exchange.Fault) // clientBody promises no other
		case small && j.body.read == j.request.Framing.Length:
			return true, nil
		}
	}
}

// noBuffer is what becomes of a body for which there is no buffer at all: one of known length is
// streamed, any other is refused.
func (j *journey) noBuffer() *exchange.Fault {
	if j.request.Framing.Kind == headers.Sized {
		return nil
	}
	return exchange.Refuse(exchange.BuffersFull)
}

// uploadStream is a journey as the stream of its request body: first what was read already,
// then the rest as it comes. It is used by the goroutine of an upload.
type uploadStream journey

// Read implements io.Reader.
func (s *uploadStream) Read(p []byte) (int, error) {
	u := &s.upload
	u.began = true
	if u.begin != nil {
		n := copy(p, u.begin.data[u.sent:])
		u.sent += n
		if u.sent == len(u.begin.data) {
			s.g.bodies.give(u.begin)
			u.begin, u.sent = nil, 0
		}
		if n > 0 {
			return n, nil
		}
	}
	return s.body.Read(p)
}

// releaseUpload gives back the memory of the request body.
func (j *journey) releaseUpload() {
	j.g.bodies.give(j.upload.begin)
	j.upload = upload{}
}

// invite sends 100 Continue to a client that expects it, unless a part of the body has
// already come (RFC 9110 §10.1.1). A client that was refused before has sent no body in vain.
func (j *journey) invite() *exchange.Fault {
	if !j.request.Version.Streams() || !j.request.Head.Has(headers.Expect) {
		return nil
	}
	if err := j.stream.Continue(j.route.times.BodyIdle); err != nil {
		return exchange.Refuse(exchange.ClientGone)
	}
	return nil
}
