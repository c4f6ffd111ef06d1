package gateway

import (
	"io"

	"penstock/exchange"
	"penstock/headers"
	"penstock/upstream"
)

// receive takes the request body as far as that is wise before a backend is
// picked: a small one of known length is read whole, so that a slow client costs
// no backend and a failed try can be repeated; any other will be streamed.
func (g *Gateway) receive(j *journey) *exchange.Fault {
	limit := j.route.maxBody
	if j.framing.Kind == headers.NoBody {
		j.req.Body = upstream.Body{}
		return nil
	}
	if j.framing.Kind == headers.Sized && limit >= 0 && j.framing.Length > limit {
		return exchange.Refuse(exchange.BodyTooLarge)
	}
	j.req.Body = upstream.Body{Framing: j.framing}
	if j.framing.Kind == headers.Sized && j.framing.Length == 0 {
		return nil
	}
	want := int64(-1)
	if j.framing.Kind == headers.Sized {
		want = j.framing.Length
	}
	j.body.open(j.ctx.RequestBodyStream(), want, limit, j.route.times.BodyIdle)
	if want < 0 || want > smallBody {
		j.req.Body.Stream = &j.body
		j.req.Body.Abort = j.abortBody
		j.req.Body.Trailers = j.bodyTrailers
		return nil
	}
	began := g.now()
	if f := j.readSmall(int(want)); f != nil {
		return f
	}
	now := g.now()
	j.moved = now.Sub(began)
	j.x.Mark(exchange.Received, now)
	j.req.Body.Bytes = j.small
	return nil
}

// readSmall reads the whole body into j.small.
func (j *journey) readSmall(want int) *exchange.Fault {
	if cap(j.small) < want {
		j.small = make([]byte, 0, max(want, 4<<10))
	}
	j.small = j.small[:want]
	_, err := io.ReadFull(&j.body, j.small)
	if err == nil && j.body.err == nil { // the last bytes came without the end: it follows at once
		var none [1]byte
		_, err = j.body.Read(none[:])
	}
	switch f := j.body.err.(type) {
	case nil:
		return exchange.Refuse(exchange.BodyIncomplete)
	case *exchange.Fault:
		return f
	default:
		_ = err // io.EOF: complete
		return nil
	}
}
