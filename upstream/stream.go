package upstream

import (
	"errors"
	"io"
	"time"

	"penstock/conn"
	"penstock/exchange"
	"penstock/headers"
)

// spliceFrom is the number of bytes that must be left before a body is handed to
// the kernel: below it the set-up costs more than the copying.
const spliceFrom = 64 << 10

// Out says how BodyStream.WriteTo frames the body for the client.
type Out uint8

// The framings. The gateway picks the one that its head announces.
const (
	OutSized      Out = iota // bytes as they are: Content-Length tells the end
	OutChunked               // one chunk a write; the last chunk is not written here
	OutUntilClose            // bytes as they are: the end of the connection tells the end (HTTP/1.0)
)

// BodyStream is a response body that flows from the backend. It belongs to one
// goroutine, that of the request. The exported fields are set before it is used.
//
// It ends with io.EOF only when the backend sent its body to the end; a body that
// was cut short ends with an *exchange.Fault. The backend's connection is given
// back at the end or the first error, at the latest by Close.
type BodyStream struct {
	// Sink is the client's connection. With it WriteTo writes there, past the writer
	// that it is given, and each piece as it arrives; the head must be on the wire
	// already. Its write deadline is left armed, to cover the last chunk too.
	Sink *conn.Conn
	Out  Out           // how the body is framed for Sink; a writer gets the bare bytes
	Idle time.Duration // no byte for so long ends the transfer; zero means never

	// OnTrailers is given the trailer fields, all of them, before the end is reported.
	// The block is valid during the call. It is not called when there are none.
	OnTrailers func(*headers.Block)

	// OnClose is called once, by Close. complete says that the backend's body was read
	// to its end; fault, with or without it, why the transfer failed; received counts
	// the bytes of the body, its coding removed.
	OnClose func(complete bool, fault *exchange.Fault, received int64)

	t        *trip
	left     int64  // bytes still to come of a Sized body
	ahead    []byte // decoded already
	chunks   chunkReader
	received int64
	sent     int64
	err      error // io.EOF or an *exchange.Fault; stays
	complete bool  // the backend sent its body to the end
	closed   bool
}

// open begins the stream of t's answer. What of a chunked body came together with
// the head is decoded at once; when that is all of it, and no trailers, there is no
// need for a stream: the answer is complete in Buffered, and open reports true.
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

// SupportsBodyWriteTo tells fasthttp to prefer WriteTo.
func (s *BodyStream) SupportsBodyWriteTo() bool { return true }

// Sent returns how many bytes of the body the client's connection has taken.
func (s *BodyStream) Sent() int64 { return s.sent }

// Fault returns why the transfer failed, nil while it has not.
func (s *BodyStream) Fault() *exchange.Fault {
	f, _ := s.err.(*exchange.Fault)
	return f
}

// Read implements io.Reader. It returns what has arrived without waiting for more.
func (s *BodyStream) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, s.err
	}
	n, err := s.collect(p)
	if n > 0 {
		return n, nil // an end or an error that was found behind it stays for the next call
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

// WriteTo sends the body on as it arrives: one read from the backend is one write
// to the client. A long Sized body between two plain sockets moves inside the
// kernel. It returns the bytes of the body that were taken, and nil only when the
// body is complete.
func (s *BodyStream) WriteTo(w io.Writer) (n int64, err error) {
	for err == nil {
		var m int64
		if s.splices() {
			m, err = s.splice()
		} else if _, err = s.next(true); err == nil {
			m, err = s.pass(w)
		}
		n += m
	}
	if err == io.EOF {
		err = nil
	}
	return n, err
}

// pass moves what is buffered, at most one piece, to the client. The piece is
// borrowed only now: a quiet event stream holds none while it waits.
func (s *BodyStream) pass(w io.Writer) (int64, error) {
	p := pieces.Get().(*piece)
	defer pieces.Put(p)
	n, _ := s.collect(p.room()) // an end or an error stays for the next call
	var err error
	switch {
	case s.Sink == nil:
		_, err = w.Write(p.data(n))
	case s.Out == OutChunked:
		_, err = s.Sink.WriteMoving(p.chunk(n, false), s.Idle)
	default:
		_, err = s.Sink.WriteMoving(p.data(n), s.Idle)
	}
	if err != nil {
		return 0, s.refused(err)
	}
	s.sent += int64(n)
	return int64(n), nil
}

// splices reports whether the rest of the body can be left to the kernel.
func (s *BodyStream) splices() bool {
	return s.Sink != nil && s.Out != OutChunked && s.err == nil && len(s.ahead) == 0 &&
		s.t.resp.Framing.Kind == headers.Sized && s.left >= spliceFrom && s.t.src.br.Buffered() == 0
}

func (s *BodyStream) splice() (int64, error) {
	src := &s.t.src
	src.idle = s.Idle
	extend := func(int64) {
		src.arm()
		src.spare()
		s.Sink.SetWriteDeadlineIn(s.Idle)
	}
	extend(0)
	n, err := conn.Splice(s.Sink, src.conn, s.left, extend)
	s.received, s.sent, s.left = s.received+n, s.sent+n, s.left-n
	if side, ok := errors.AsType[*conn.SpliceError](err); ok && side.Writing {
		return n, s.refused(err)
	}
	if err == nil {
		err = io.EOF
	}
	return n, s.end(err)
}

// end notes that the backend's body has ended, well (io.EOF) or not, and gives its
// connection back. It returns what Read shall return.
func (s *BodyStream) end(err error) error {
	if s.err != nil {
		return s.err
	}
	if err != io.EOF {
		return s.fail(s.t.bodyFault(err))
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

// CloseWithError is Close for one who knows why the client did not get all of it.
func (s *BodyStream) CloseWithError(err error) error {
	if err != nil && s.t != nil && !s.closed {
		_ = s.refused(err)
	}
	return s.Close()
}

// Close ends the transfer. Before the body's end that aborts it: the backend's
// connection is closed. It always returns nil and may be called again.
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
