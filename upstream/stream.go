package upstream

import (
	"errors"
	"io"
	"time"

	"penstock/conn"
	"penstock/exchange"
	"penstock/headers"
	"penstock/response"
)

// spliceFrom is the number of bytes that must be left before a body is handed to
// the kernel: below it the set-up costs more than the copying.
const spliceFrom = 64 << 10

// BodyStream is a response body that flows from the backend. RoundTrip makes it, see
// Response.Body. It belongs to one goroutine, that of the request. The exported fields are set
// before it is used; all but Idle, which is Times.BodyIdle at first, are nil until then.
//
// It ends with io.EOF only when the backend sent its body to the end; a body that
// was cut short ends with an *exchange.Fault. The backend's connection is given
// back at the end or the first error, at the latest by Close.
type BodyStream struct {
	Idle time.Duration // no byte from the backend for so long ends the transfer; zero means never

	// Client is whom Transfer sends to: when it leaves while nothing comes from the backend, the
	// transfer ends. It watches quietly, see conn.Departure.Watch; nil for a client that is not
	// watched.
	Client *conn.Departure

	// OnTrailers is given the trailer fields, all of them, before the end is reported.
	// The block is valid during the call, which is within Read or Transfer. It is not called when
	// there are none.
	OnTrailers func(*headers.Block)

	// OnClose is called once, by Close. complete says that the backend's body was read
	// to its end. fault says why the transfer failed, nil when it did not; it is set with complete
	// when only the client did not take the whole body. received counts
	// the bytes of the body, its coding removed.
	OnClose func(complete bool, fault *exchange.Fault, received int64)

	t        *trip
	to       response.Sink // where Transfer sends it
	left     int64         // bytes still to come of a Sized body
	ahead    []byte        // decoded already
	chunks   chunkReader
	received int64
	sent     int64
	err      error // io.EOF or an *exchange.Fault; stays
	complete bool  // the backend sent its body to the end
	closed   bool
}

// open begins the stream of t's response. The part of a chunked body that came with
// the head is decoded at once; when that is all of it, and no trailers, there is no
// need for a stream: the response is complete in Buffered, and open reports true.
func (s *BodyStream) open(t *trip) (whole bool) {
	*s = BodyStream{
		Idle: t.req.Times.BodyIdle, t: t, left: t.resp.Framing.Length,
		chunks: chunkReader{trailers: s.chunks.trailers, raw: s.chunks.raw},
	}
	s.chunks.reset(&t.src)
	t.resp.Body = s
	if t.resp.Framing.Kind != headers.Chunked {
		return false
	}
	s.ahead = t.resp.small[:0]
	data, err := s.chunks.next(false)
	for ; err == nil; data, err = s.chunks.next(false) {
		s.ahead = append(s.ahead, data...)
		s.chunks.advance(len(data))
	}
	t.resp.small, s.received = s.ahead, int64(len(s.ahead))
	if err != io.EOF || len(s.chunks.trailers.Fields) > 0 {
		return false
	}
	t.resp.Body, t.resp.Buffered, t.at.Received = nil, s.ahead, s.received
	return true
}

// Sent returns how many bytes of the body Transfer has written to the client's connection;
// those returned by Read are not counted.
func (s *BodyStream) Sent() int64 { return s.sent }

// Fault returns why the transfer failed, nil while it has not and when it ended well.
func (s *BodyStream) Fault() *exchange.Fault {
	f, _ := s.err.(*exchange.Fault)
	return f
}

// Read implements io.Reader. It waits for the first byte only and returns what has arrived. Its
// error is io.EOF at the end of a complete body, else an *exchange.Fault; it never comes with
// bytes, and every later call returns it.
func (s *BodyStream) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, s.err
	}
	n, err := s.collect(p)
	if n > 0 {
		return n, nil // an end or an error that follows it is returned by the next call
	}
	return 0, err
}

// collect waits for data and takes what is buffered, from many small chunks too.
func (s *BodyStream) collect(p []byte) (n int, err error) {
	for n < len(p) {
		data, err := s.next(n == 0)
		if err != nil {
			return n, err
		}
		m := copy(p[n:], data)
		s.advance(m)
		n += m
	}
	return n, nil
}

// next returns data that is buffered, valid until advance. Unless wait is set it
// does not read from the connection and may return errNotYet.
func (s *BodyStream) next(wait bool) (data []byte, err error) {
	if len(s.ahead) > 0 {
		return s.ahead, nil
	}
	if s.err != nil {
		return nil, s.err
	}
	src := &s.t.src
	src.idle = s.Idle
	switch s.t.resp.Framing.Kind {
	case headers.Chunked:
		data, err = s.chunks.next(wait)
	case headers.Sized:
		if s.left == 0 {
			err = io.EOF
			break
		}
		data, err = src.next(s.left, wait)
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
	default:
		data, err = src.next(pieceSize, wait)
	}
	if err != nil && err != errNotYet {
		return nil, s.end(err)
	}
	return data, err
}

// advance takes n bytes of what next returned.
func (s *BodyStream) advance(n int) {
	if len(s.ahead) > 0 {
		s.ahead = s.ahead[n:]
		return
	}
	s.received += int64(n)
	switch s.t.resp.Framing.Kind {
	case headers.Chunked:
		s.chunks.advance(n)
		return
	case headers.Sized:
		s.left -= int64(n)
	}
	_, _ = s.t.src.br.Discard(n)
	if s.left == 0 {
		_ = s.end(io.EOF) // the backend's connection is free before the client has the last bytes
	}
}

// Transfer sends the body on as it arrives: one read from the backend is one write to the
// client. A long Sized body between two plain sockets moves inside the kernel. It returns nil
// only when the body is complete and the client's connection has taken it, else an
// *exchange.Fault. With Sink.Chunked it does not write the last chunk. Close must follow.
func (s *BodyStream) Transfer(to response.Sink) (err error) {
	s.to = to
	if s.err == nil && s.t.lease != nil {
		s.t.src.client = s.Client
		s.Client.Interrupt(s.t.src.conn)
		s.t.holdSlow(to.Pace)
	}
	for err == nil {
		if s.splices() {
			err = s.splice()
		} else if _, err = s.next(true); err == nil {
			err = s.pass()
		}
	}
	if err == io.EOF {
		return nil
	}
	return err
}

// pass moves what is buffered, at most one piece, to the client. The piece is
// borrowed only now: a quiet event stream holds none while it waits.
func (s *BodyStream) pass() error {
	p := pieces.Get().(*piece)
	defer pieces.Put(p)
	n, _ := s.collect(p.room()) // an end or an error stays for the next call
	out := p.data(n)
	if s.to.Chunked {
		out = p.chunk(n, false)
	}
	if _, err := s.to.To.WriteMoving(out, s.to.Idle); err != nil {
		return s.refused(err)
	}
	s.sent += int64(n)
	return nil
}

// splices reports whether the rest of the body can be left to the kernel.
func (s *BodyStream) splices() bool {
	return s.to.Socket != nil && !s.to.Chunked && s.err == nil && len(s.ahead) == 0 &&
		s.t.resp.Framing.Kind == headers.Sized && s.left >= spliceFrom && s.t.src.br.Buffered() == 0
}

func (s *BodyStream) splice() error {
	src := &s.t.src
	src.idle = s.Idle
	extend := func(int64) {
		src.arm()
		src.spare()
		s.to.Socket.SetWriteDeadlineIn(s.to.Idle)
	}
	extend(0)
	if s.t.client.pool.slots.scarce() {
		conn.StartSmall(s.to.Socket, src.conn, s.left)
	}
	n, err := conn.Splice(s.to.Socket, src.conn, s.left, extend)
	s.received, s.sent, s.left = s.received+n, s.sent+n, s.left-n
	if side, ok := errors.AsType[*conn.SpliceError](err); ok && side.Writing {
		return s.refused(err)
	}
	if err == nil {
		err = io.EOF
	}
	return s.end(err)
}

// end notes that the backend's body has ended, well (io.EOF) or not, and gives its
// connection back. It returns what Read shall return.
func (s *BodyStream) end(err error) error {
	if s.err != nil {
		return s.err
	}
	if err != io.EOF {
		return s.fail(cutFault(s.t.bodyFault(err)))
	}
	s.err, s.complete = io.EOF, true
	s.t.at.Received = s.received
	s.t.settle()
	if s.OnTrailers != nil && len(s.chunks.trailers.Fields) > 0 {
		s.OnTrailers(&s.chunks.trailers)
	}
	return io.EOF
}

// refused notes that the client does not take the body.
func (s *BodyStream) refused(err error) error {
	if f, ok := s.err.(*exchange.Fault); ok {
		return f
	}
	return s.fail(sinkFault(err))
}

func (s *BodyStream) fail(f *exchange.Fault) error {
	s.err = f
	s.t.at.Received, s.t.at.Fault = s.received, f
	s.t.giveUp()
	return f
}

// CloseWithError is Close for a caller that knows why the client did not get all of it: err
// becomes the fault, unless there is one already; nil is the same as Close. It always returns
// nil, and does nothing after Close.
func (s *BodyStream) CloseWithError(err error) error {
	if err != nil && s.t != nil && !s.closed {
		_ = s.refused(err)
	}
	return s.Close()
}

// Close ends the transfer. Before the body's end that aborts it: the backend's connection is
// closed and the fault is exchange.ClientGone. It always returns nil; further calls do nothing.
func (s *BodyStream) Close() error {
	if s.closed || s.t == nil {
		return nil
	}
	s.closed = true
	if s.err == nil {
		_ = s.fail(exchange.Refuse(exchange.ClientGone))
	}
	if s.OnClose != nil {
		s.OnClose(s.complete, s.Fault(), s.received)
	}
	return nil
}
