package response

import (
	"time"

	"penstock/conn"
)

// Response is one final response. It is filled by its methods and then handed to the client's
// protocol, which does not change it. All its slices must stay as they are until the protocol
// has ended the request. A Response must be Reset before its first use, and have a status.
type Response struct {
	Status int    // 200 to 599, or 101 for a tunnel
	Reason []byte // reason phrase of an HTTP/1 origin; nil means the standard one, empty none
	Fields []byte // field lines, each with CRLF: no Connection, nothing that frames the body
	Body   []byte // the whole body; empty for none
	Stream Stream // the body as it arrives, in the place of Body; nil for none

	// Length is what Content-Length states: the bytes of the body, or those of the body that
	// a response to HEAD or a 304 does not carry. -1, or less, states none: the response has no
	// body by its status, or Stream ends when it ends. Zero states an empty body.
	Length int64

	Close bool          // the connection cannot be used after this response
	Idle  time.Duration // the client has to take some bytes in every such period; zero means no limit
	Rate  int64         // bytes a second that the client has to take of Stream on average, beside Idle; zero or less, or no Idle, means any
}

// Reset empties r and keeps the memory of Fields unless it grew beyond keep bytes. Length is -1
// afterwards. It does not close Stream.
func (r *Response) Reset(keep int) {
	fields := r.Fields[:0]
	if cap(fields) > keep {
		fields = nil
	}
	*r = Response{Fields: fields, Length: -1}
}

// Begin sets the status and the reason phrase; nil means the standard phrase.
func (r *Response) Begin(status int, reason []byte) { r.Status, r.Reason = status, reason }

// SetFields sets the field lines, which r keeps. They are usually what was appended to
// r.Fields[:0].
func (r *Response) SetFields(lines []byte) { r.Fields = lines }

// AddField appends a field line and copies both. Name must be a token and value free of control
// characters; it does not check that.
func (r *Response) AddField(name, value []byte) { r.Fields = AppendField(r.Fields, name, value) }

// SetBody sets the whole body, which r keeps, and its length. A nil or empty body has length 0.
func (r *Response) SetBody(body []byte) { r.Body, r.Length = body, int64(len(body)) }

// SetLength states the length of a body that is not sent, and removes Body; negative states none.
func (r *Response) SetLength(n int64) { r.Body, r.Length = nil, n }

// SetStream sets a body that is sent as it arrives, in the place of Body. A negative length means
// that it is not known. Once r was sent, the protocol calls CloseWithError of s in every case.
func (r *Response) SetStream(s Stream, length int64) { r.Stream, r.Length = s, length }

// SetIdle sets how long the client may take no byte before the response fails; zero means no
// limit.
func (r *Response) SetIdle(d time.Duration) { r.Idle = d }

// SetRate sets how many bytes a second the client has to take of a Stream, see Rate.
func (r *Response) SetRate(n int64) { r.Rate = n }

// CloseAfter says that the connection cannot be used after this response.
func (r *Response) CloseAfter() { r.Close = true }

// Stream is a body that is sent as it arrives.
type Stream interface {
	// Transfer sends the body. It returns nil only when the body is complete and was taken, else
	// the error of the source or of to. It is called at most once, and not after CloseWithError.
	Transfer(to Sink) error

	// Trailers returns the trailer field lines to send, each with CRLF, once Transfer has
	// returned nil; nil when there are none.
	Trailers() []byte

	// CloseWithError ends the transfer, also one that never began; err says why the client
	// did not get all of the body, nil when it did. Later calls do nothing. The protocol ignores
	// the error that it returns.
	CloseWithError(err error) error
}

// Sink is the client's side of a Stream. It is valid until Transfer returns.
type Sink struct {
	To      Writer        // never nil
	Socket  *conn.Conn    // To, if it is a connection on which the kernel may move the body; nil if not
	Chunked bool          // each Write has to be one chunk (RFC 9112 §7.1); the last chunk is not the Stream's
	Idle    time.Duration // for To.WriteMoving; zero means no limit
	Pace    *conn.Pace    // measures how To takes the body; nil when nothing does
}

// ErrSlowest is the error of a Writer whose client takes a body more slowly than others, when
// too many are slow.
var ErrSlowest = conn.ErrSlowest

// ErrTooSlow is the error of a Writer whose client takes a body slower than Response.Rate.
var ErrTooSlow = conn.ErrTooSlow

// Writer takes the bytes of a body.
type Writer interface {
	// WriteMoving writes all of p, however slowly, as long as some bytes are taken in every
	// idle period; zero means no limit. It returns how many were taken, fewer than len(p) only
	// with an error: os.ErrDeadlineExceeded after a period without a byte, ErrTooSlow,
	// ErrSlowest, or that of the connection. It does not keep p.
	WriteMoving(p []byte, idle time.Duration) (int, error)
}
