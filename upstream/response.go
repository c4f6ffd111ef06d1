package upstream

import (
	"penstock/conn"
	"penstock/exchange"
	"penstock/headers"
)

// maxKept is the largest buffer that a Response keeps for its next use.
const maxKept = 64 << 10

// Response is the response of a backend. The zero value is ready; it is meant to be
// used again and again. All its bytes are its own and stay valid until the next
// RoundTrip, Discard or Reset. It must not be copied while it holds a response, and belongs to
// one goroutine at a time.
//
// After a RoundTrip without a fault exactly one of three holds: Tunnel is set, or
// Body is, or the whole body is in Buffered (empty when there is none). After one with a fault
// the fields mean nothing. Discard or Reset must be called in the end.
type Response struct {
	HTTP11    bool            // the backend speaks HTTP/1.1; false means HTTP/1.0
	Status    int             // final status code; 101 with a Tunnel
	Reason    []byte          // reason phrase; may be empty
	Head      headers.Block   // the fields as received, hop-by-hop ones included
	Framing   headers.Framing // how the body was framed by the backend
	Buffered  []byte          // the whole body when Body is nil; the backend's connection is free already
	Body      *BodyStream     // a body that flows; must be closed
	Tunnel    *conn.Conn      // the backend's connection after 101; must be closed, which frees its place in the pool
	Ahead     []byte          // bytes that the backend sent after its 101 and that were read with it; only with a Tunnel
	UploadCut bool            // the response came before the request body was sent, and the rest was not; set before BodyStream.OnClose

	raw    []byte // the head
	out    []byte // the outgoing message
	small  []byte // memory of Buffered and Ahead
	trip   trip
	stream BodyStream
}

// Uploading reports whether the request body is still being read while the response
// is here already. Once the stream has confirmed its end it is false, although the last
// piece may still be on its way, and at the latest when Body is closed.
func (r *Response) Uploading() bool { return r.trip.up.running() && !r.trip.up.last.Load() }

// Record makes at, which must not be nil, the record of what is left of the round trip: a body
// that flows on may outlive the record that RoundTrip was given. Nothing is copied to at.
func (r *Response) Record(at *exchange.Attempt) { r.trip.at = at }

// Discard gives up the response and empties it: what is still under way of it, a Body or a
// Tunnel too, is aborted and its connection to the backend is closed. It may be called at any
// time, also after a panic or a fault, and again.
func (r *Response) Discard() {
	if r.Body != nil {
		_ = r.Body.Close()
	}
	r.trip.giveUp()
	if r.Tunnel != nil {
		_ = r.Tunnel.Close()
	}
	r.Head.Reset()
	r.HTTP11, r.Status, r.Reason, r.Framing = false, 0, nil, headers.Framing{}
	r.Buffered, r.Body, r.Tunnel, r.Ahead, r.UploadCut = nil, nil, nil, nil, false
}

// Reset is Discard for a Response that goes back into a pool: buffers above 64 KiB
// are let go as well.
func (r *Response) Reset() {
	r.Discard()
	r.trip = trip{}
	r.stream = BodyStream{}
	r.raw, r.out, r.small = keep(r.raw), keep(r.out), keep(r.small)
}

func keep(buf []byte) []byte {
	if cap(buf) > maxKept {
		return nil
	}
	return buf[:0]
}

// grow returns n bytes of memory, buf's when it is large enough.
func grow(buf []byte, n int) []byte {
	if cap(buf) < n {
		return make([]byte, n, max(n, 4<<10))
	}
	return buf[:n]
}
