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

	// Peer returns the address at the other end of the connection, IPv4 inside IPv6 as IPv4; the
	// zero Addr for unix sockets.
	Peer() netip.Addr

	// Frame gives the length of the request body to the protocol, once the head was judged, and
	// whether the client lets the connection go on after the response (RFC 9112 §9.3). It is
	// called at most once, before the body is read. Where it is not called, the connection ends.
	Frame(f headers.Framing, persists bool)

	// BufferedBody takes the whole body, after Frame, if its length was stated and all of it was
	// received with the head; ReadBody returns io.EOF from then on. Else it returns nil and takes
	// nothing. For a body of length zero it may be nil too. The bytes are valid until Done.
	BufferedBody() []byte

	// TimeBody limits how long ReadBody waits, counted from this call: it is called before each
	// ReadBody. Zero means no limit, negative no waiting. It undoes an AbortBody before it.
	TimeBody(idle time.Duration)

	// ReadBody reads the body, its coding removed, after Frame. It returns io.EOF only when the
	// body is complete, perhaps with its last bytes, or when there is none, and
	// os.ErrDeadlineExceeded when no byte came in time: TimeBody and ReadBody may follow. After
	// any other error (io.ErrUnexpectedEOF: the client ended it early) the body is lost.
	ReadBody(p []byte) (int, error)

	// AbortBody makes a ReadBody that waits return os.ErrDeadlineExceeded, and later ones as soon
	// as they would have to wait. The caller sees to it that no TimeBody follows.
	AbortBody()

	// BodyUnread reports whether bytes of the body, or its end, may still come; before Frame it
	// is true. The body must not be read at the same time.
	BodyUnread() bool

	// Trailers returns the trailer field lines of a chunked body, each with CRLF, once ReadBody
	// has returned io.EOF; empty when there are none. It is not called for other bodies. The
	// bytes are valid until Done.
	Trailers() []byte

	// Watch returns what reports, until its Unwatch, that the client has left: it has ended its
	// direction of the connection, or the connection or stream was reset. unless and quiet say
	// what does not count, see conn.Departure. It is never nil. The caller must call its Unwatch
	// before the next Watch and before Done.
	Watch(unless func() bool, quiet bool) *conn.Departure

	// Pace returns what measures how the client moves the bytes of this request; nil when
	// nothing does. It is valid until Done.
	Pace() *conn.Pace

	// Continue sends 100 Continue, unless a part of the body was received already
	// (RFC 9110 §10.1.1). The client has to take some bytes in every idle period; zero means no
	// limit. An error means that the client is lost.
	Continue(idle time.Duration) error

	// Interim sends an interim response other than 100 and 101. Fields are field lines,
	// each with CRLF, which it does not keep. The client has to take it within idle; zero means
	// no limit. It does nothing where the client's version has none, and does not report a client
	// that is lost.
	Interim(status int, fields []byte, idle time.Duration)

	// Send sends the final response. It is called at most once, and not after Tunnel. The
	// protocol may write it only after the request was served, so r and what it refers to
	// must stay as they are until Done. r is not nil. A request without Send and Tunnel ends its
	// connection.
	Send(r *response.Response)

	// Tunnel sends r, a 101 response, and then calls run with the client's end of the
	// connection and the bytes that it sent after its request, both for run to keep. If the
	// client is lost before, abandon is called instead. One of the two is called exactly once,
	// after Handler.Serve has returned, perhaps on another goroutine, and has returned before
	// Done. It is called at most once, and not after Send.
	Tunnel(r *response.Response, run func(client tunnel.End, early []byte), abandon func())

	// Done ends the request. The gateway calls it last, when nothing of the request is in
	// use any more.
	Done()
}

// Handler is what a protocol needs of the gateway.
type Handler interface {
	// Serve serves one request whose head was received at start. It returns the job, never nil,
	// that the protocol ends with Finish once the response was written or the client is lost.
	Serve(s Stream, start time.Time) Job

	// Refuse responds to a request whose head could not be read; why is not NoReason. Its job is
	// ended as that of Serve is.
	Refuse(s Stream, why exchange.Reason, start time.Time) Job
}

// Job is a request that was served.
type Job interface {
	// Finish ends the request: it is counted and logged, and Stream.Done is called. It must be
	// called exactly once.
	Finish()
}
