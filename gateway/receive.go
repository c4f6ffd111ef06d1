package gateway

import (
	"io"
	"time"

	"penstock/exchange"
	"penstock/headers"
	"penstock/upstream"
)

// upload is the request body as it goes to the backend.
type upload struct {
	body upstream.Body
	took time.Duration // until a body that was read whole had come
}

// receive takes the request body as far as that is wise before a backend is
// picked: a small one of known length is read whole, so that a slow client costs
// no backend and a failed try can be repeated; any other will be streamed.
func (g *proxy) receive(j *journey) *exchange.Fault {
	limit := j.route.maxBody
	if j.request.Framing.Kind == headers.NoBody {
		j.upload.body = upstream.Body{}
		return nil
	}
	if j.request.Framing.Kind == headers.Sized && limit >= 0 && j.request.Framing.Length > limit {
		return exchange.Refuse(exchange.BodyTooLarge)
	}
	j.upload.body = upstream.Body{Framing: j.request.Framing}
	if j.request.Framing.Kind == headers.Sized && j.request.Framing.Length == 0 {
		return nil
	}
	j.body.open(j.stream, limit, j.route.times.BodyIdle, j.route.passed)
	if f := j.invite(); f != nil {
		return f
	}
	if j.request.Framing.Kind != headers.Sized || j.request.Framing.Length > smallBody {
		j.upload.body.Stream = &j.body
		j.upload.body.Abort = j.bound.abortBody
		j.upload.body.Trailers = j.bound.bodyTrailers
		return nil
	}
	if j.upload.body.Bytes = j.body.atHand(); j.upload.body.Bytes != nil {
		return nil
	}
	began := g.now()
	if f := j.readSmall(int(j.request.Framing.Length)); f != nil {
		return f
	}
	j.upload.took = g.now().Sub(began)
	j.upload.body.Bytes = j.small
	return nil
}

// readSmall reads the whole body into j.small.
func (j *journey) readSmall(want int) *exchange.Fault {
	if cap(j.small) < want {
		j.small = make([]byte, 0, max(want, 4<<10))
	}
	j.small = j.small[:want]
	if _, err := io.ReadFull(&j.body, j.small); err == nil {
		return nil
	}
	if f, ok := j.body.err.(*exchange.Fault); ok {
		return f
	}
	return exchange.Refuse(exchange.BodyIncomplete)
}

// invite tells a client that waits for it that its body is wanted, unless some of that
// has come already (RFC 9110 §10.1.1). A refusal until here has cost it nothing.
func (j *journey) invite() *exchange.Fault {
	if !j.request.Version.Streams() || !j.request.Head.Has(headers.Expect) {
		return nil
	}
	if err := j.stream.Continue(j.route.times.BodyIdle); err != nil {
		return exchange.Refuse(exchange.ClientGone)
	}
	return nil
}
