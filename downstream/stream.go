package downstream

import (
	"net/netip"
	"time"

	"penstock/conn"
	"penstock/exchange"
	"penstock/headers"
	"penstock/response"
	"penstock/tunnel"
)

// Stream is one request of one client and the way back to that client. A protocol
// implements it. Its methods are called on the goroutine that serves the request;
// AbortBody may be called from any other.
//
// It has more methods than other interfaces here, because it is the one boundary between
// the gateway and a protocol.
type Stream interface {
	// Head returns the request head. The pointer and its slices are valid until Done.
	Head() *Head

	// Peer returns the address at the other end of the connection; the zero Addr for
	// unix sockets.
	Peer() netip.Addr

	// Frame gives the length of the request body to the protocol, once the head was judged, and
	// whether the client lets the connection go on after the response (RFC 9112 §9.3). It is
	// called at most once, before the body is read. Where it is not called, the connection ends.
	Frame(f headers.Framing, persists bool)

	// BufferedBody takes the whole body if all of it was received with the head, and
	// else returns nil. The bytes are valid until Done.
	BufferedBody() []byte

	// TimeBody limits how long ReadBody waits for the next byte; zero means no limit.
	TimeBody(idle time.Duration)

	// ReadBody reads the body, its coding removed. It returns io.EOF only when the body
	// is complete, and os.ErrDeadlineExceeded when no byte came in time.
	ReadBody(p []byte) (int, error)

	// AbortBody makes a ReadBody that waits return, and every later one fail.
	AbortBody()

	// BodyUnread reports whether bytes of the body, or its end, may still come. The
	// body must not be read at the same time.
	BodyUnread() bool

	// Trailers returns the trailer field lines, each with CRLF, once ReadBody has returned
	// io.EOF; nil when there are none.
	Trailers() []byte

	// Watch returns what reports, until its Unwatch, that the client has left: it has ended its
	// direction of the connection, or the connection or stream was reset. unless and quiet say
	// what does not count, see conn.Departure.
	Watch(unless func() bool, quiet bool) *conn.Departure

	// Pace returns what measures how the client moves the bytes of this request; nil when
	// nothing does. It is valid until Done.
	Pace() *conn.Pace

	// Continue sends 100 Continue, unless a part of the body was received already
	// (RFC 9110 §10.1.1). An error means that the client is lost.
	Continue(idle time.Duration) error

	// Interim sends an interim response other than 100 and 101. Fields are field lines,
	// each with CRLF. It does nothing where the client's version has none.
	Interim(status int, fields []byte, idle time.Duration)

	// Send sends the final response. It is called at most once, and not after Tunnel. The
	// protocol may write it only after the request was served, so r and what it refers to
	// must stay as they are until Done.
	Send(r *response.Response)

	// Tunnel sends r, a 101 response, and then calls run with the client's end of the
	// connection and the bytes that it sent after its request. If the client is lost
	// before, abandon is called instead. One of the two is called exactly once, from
	// another goroutine, after the request was served.
	Tunnel(r *response.Response, run func(client tunnel.End, early []byte), abandon func())

	// Done ends the request. The gateway calls it last, when nothing of the request is in
	// use any more.
	Done()
}

// Handler is what a protocol needs of the gateway.
type Handler interface {
	// Serve serves one request whose head was received at start. It returns the job that
	// the protocol ends with Finish once the response was written or the client is lost.
	Serve(s Stream, start time.Time) Job

	// Refuse responds to a request whose head could not be read.
	Refuse(s Stream, why exchange.Reason, start time.Time) Job
}

// Job is a request that was served.
type Job interface {
	// Finish ends the request: it is counted and logged, and Stream.Done is called.
	Finish()
}
