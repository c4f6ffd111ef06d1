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
	j.body.open(limit, j.route.times.BodyIdle)
	if f := j.invite(); f != nil {
		return f
	}
	if j.framing.Kind != headers.Sized || j.framing.Length > smallBody {
		j.req.Body.Stream = &j.body
		j.req.Body.Abort = j.abortBody
		j.req.Body.Trailers = j.bodyTrailers
		return nil
	}
	if j.req.Body.Bytes = j.body.atHand(); j.req.Body.Bytes != nil {
		return nil
	}
	began := g.now()
	if f := j.readSmall(int(j.framing.Length)); f != nil {
		return f
	}
	j.moved = g.now().Sub(began)
	j.req.Body.Bytes = j.small
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
	if !j.http11 || !j.head.Has(headers.Expect) || len(j.wire.held) > 0 {
		return nil
	}
	if _, err := j.conn.WriteMoving([]byte("HTTP/1.1 100 Continue\r\n\r\n"), j.route.times.BodyIdle); err != nil {
		return exchange.Refuse(exchange.ClientGone)
	}
	return nil
}
