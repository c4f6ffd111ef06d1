package upstream

import (
	"io"
	"net/netip"
	"time"

	"penstock/conn"
	"penstock/headers"
)

// Request is what goes to the backend. The gateway fills it; RoundTrip only reads
// it. Everything in it must stay as it is until RoundTrip has returned and, when
// the response has a Body, until that is closed.
type Request struct {
	Method  []byte          // as received
	Target  []byte          // request target, byte for byte as it goes on the wire
	Host    []byte          // value of the Host field; may be empty (RFC 9112 §3.2)
	Fields  []byte          // end-to-end field lines, each with CRLF; no Host, no framing, nothing hop-by-hop
	Upgrade []byte          // protocol to switch to (RFC 9110 §7.8); nil for none
	Body    Body            // what follows the head
	Times   Times           // how long each step may take
	Client  *conn.Departure // when its peer leaves, the wait for a slot or for the response head ends with a fault; nil for a client that cannot
	From    netip.Addr      // the client, for sharing the connections fairly; may be zero
	Fresh   bool            // use a connection of its own, not a pooled one; it is closed afterwards
	Slot    bool            // the caller has taken a slot by Client.TakeSlot, which the round trip gives back

	// Interim is given every interim response but 100 and 101 (RFC 9110 §15.2), on
	// the goroutine that called RoundTrip. b is valid during the call. Nil drops them. With the
	// 17th interim response, 100 included, the round trip ends with a fault.
	Interim func(status int, b *headers.Block)
}

// Times bounds the steps of a round trip. Zero in any field but Connect means no bound; a bound
// that is passed ends the round trip with a fault. BodyIdle must not be negative.
type Times struct {
	Connect   time.Duration // TCP and TLS set-up; zero or less means one second
	FirstByte time.Duration // from the request's last byte to the end of the response head
	BodyIdle  time.Duration // without any byte of the request or of a response body moving
	Deadline  time.Time     // no waiting for a connection and no response head after it; moved on by the time that an upload takes
}

// Body is the body of a request. Either it is at hand in Bytes, or Stream yields
// it; without both it is empty.
type Body struct {
	Framing headers.Framing // NoBody (nothing is sent), Sized or Chunked; the Length counts for a Stream only
	Bytes   []byte          // the whole body, sent with a Content-Length whatever Framing.Kind is, unless that is NoBody
	Stream  io.Reader       // the body as it comes from the client; wins over Bytes

	// Stream must return io.EOF only when the body is verifiably complete. Any other
	// error, and for Sized more or fewer bytes than Length, end the round trip: the backend sees
	// an aborted request. An error that is an *exchange.Fault becomes the fault of the round trip.
	// Stream is read on another goroutine, perhaps still after RoundTrip has returned.

	// Abort makes a Read that is blocked return an error; it is called from another
	// goroutine than Read, at most once, and only for an upload that is then cut: the round trip
	// ends with a fault or Response.UploadCut. It must be set together with Stream.
	Abort func()

	// Trailers returns the trailer field lines to send, each with CRLF, once Stream
	// has returned io.EOF. It counts for Chunked only; nil sends none.
	Trailers func() []byte

	// Pace measures how the client sends Stream; nil when nothing does.
	Pace *conn.Pace
}

// streamed reports whether the body has to be pumped.
func (b *Body) streamed() bool { return b.Stream != nil && b.Framing.Kind != headers.NoBody }
