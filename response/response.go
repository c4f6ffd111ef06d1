package response

import (
	"time"

	"penstock/conn"
)

// Response is one final response. It is filled by the functions of this package and by those
// who make responses, and then handed to the client's protocol, which does not change it. All
// its slices must stay as they are until the protocol has ended the request.
type Response struct {
	Status int
	Reason []byte // reason phrase of an HTTP/1 origin; nil means the standard one
	Fields []byte // field lines, each with CRLF: no Connection, nothing that frames the body
	Body   []byte // the whole body; empty for none
	Stream Stream // the body as it arrives, in the place of Body; nil for none

	// Length is what Content-Length states: the bytes of the body, or those of the body that
	// a response to HEAD or a 304 does not carry. -1 states none: the response has no body by
	// its status, or Stream ends when it ends.
	Length int64

	Close bool          // the connection cannot be used after this response
	Idle  time.Duration // the client has to take some bytes in every such period; zero means no limit
}

// Reset empties r and keeps the memory of Fields unless it grew beyond keep bytes.
func (r *Response) Reset(keep int) {
	fields := r.Fields[:0]
	if cap(fields) > keep {
		fields = nil
	}
	*r = Response{Fields: fields, Length: -1}
}

// Stream is a body that is sent as it arrives.
type Stream interface {
	// Transfer sends the body. It returns nil only when the body is complete and was taken.
	Transfer(to Sink) error

	// Trailers returns the trailer field lines to send, each with CRLF, once Transfer has
	// returned nil; nil when there are none.
	Trailers() []byte

	// CloseWithError ends the transfer, also one that never began; err says why the client
	// did not get all of the body, nil when it did. Later calls do nothing.
	CloseWithError(err error) error
}

// Sink is the client's side of a Stream.
type Sink struct {
	To      Writer
	Socket  *conn.Conn // To, if it is a connection on which the kernel may move the body; nil if not
	Chunked bool       // each Write has to be one chunk (RFC 9112 §7.1); the last chunk is not the Stream's
	Idle    time.Duration
}

// Writer takes the bytes of a body.
type Writer interface {
	// WriteMoving writes all of p, however slowly, as long as some bytes are taken in every
	// idle period; zero means no limit.
	WriteMoving(p []byte, idle time.Duration) (int, error)
}
