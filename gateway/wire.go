package gateway

import (
	"bytes"
	"errors"
	"io"
	"net"
	"slices"
	"time"

	"penstock/conn"
	"penstock/headers"
)

// wire stands between a client's connection and fasthttp and lets through the head of
// one request at a time, to its empty line. The body is for clientBody, as long as admit
// has judged it to be; what follows is held back until the answer has been written. So
// fasthttp, which is more lenient, can never see another end of a request than we do. A
// head passes as a whole, so that a client that drips it wakes nobody else.
//
// It is used by the goroutine that serves the connection, and by the upload's while
// that one waits for it.
type wire struct {
	*conn.Conn
	g      *Gateway
	part   wirePart
	begun  bool // a byte of the head has come
	heads  int  // of requests that have passed
	lines  int  // lines of the head that have ended
	line   int  // bytes of its current line
	cr     bool // the last of them is CR
	pri    preface
	left   int64  // bytes of a sized body still to come
	held   []byte // received, and not let through yet, see held.go
	lent   bool   // they lie in fasthttp's buffer
	memory []byte // else they lie here
	chunks headers.ChunkScan
	broken error         // why nothing on the connection can be believed any more
	reply  []byte        // goes out in the place of what fasthttp writes next, see respondWhole
	idle   time.Duration // without a byte of it being taken

	mayRest, resting bool
	restTime         time.Duration // see await
}

// wirePart is the part of a request that passes.
type wirePart uint8

const (
	inHead   wirePart = iota
	unjudged          // the head has passed; whether a body follows is not known
	atEnd             // the request has none
	inSized           // left bytes of a sized body
	inChunks          // a chunked body, which tells its end itself
	inTunnel          // what passes is no HTTP any more
)

// Errors that end a connection because the client breaks the framing.
var (
	errChunks   = errors.New("the chunked request body is not valid")
	errBareLF   = errors.New("a line of the request head does not end with CRLF")
	errBodyLeft = errors.New("the request body was not read to its end")
)

// Read implements io.Reader for fasthttp. Behind broken framing it passes nothing, for
// ever, and behind a head the end.
func (w *wire) Read(p []byte) (n int, err error) {
	switch {
	case w.broken != nil:
		return 0, w.broken
	case w.part == inHead:
		return w.readHead(p)
	case w.part == inTunnel:
		return w.take(p)
	}
	return 0, io.EOF
}

// readHead waits for the whole request line, which fasthttp may refuse at once, and
// when it is called again for the whole head: fasthttp reads all that it has again
// whenever it is given more. It ends early when p is full or nothing more can come.
func (w *wire) readHead(p []byte) (n int, err error) {
	asked := w.lines
	for w.part == inHead && n < len(p) && err == nil && (asked > 0 || w.lines == 0) {
		var m int
		m, err = w.takeHead(p[n:])
		n += m
	}
	return n, err
}

// takeHead moves bytes of the head to p: held ones, or else new ones, of which it holds
// what belongs to no head.
func (w *wire) takeHead(p []byte) (n int, err error) {
	if len(w.held) > 0 {
		w.own()
		w.beginHead()
		n, w.broken = w.passHead(w.held[:min(len(w.held), len(p))])
		copy(p, w.held[:n])
		w.drop(n)
		return n, w.broken
	}
	got, err := w.Conn.Read(p)
	if got == 0 {
		return 0, w.silence(err)
	}
	w.beginHead()
	if n, w.broken = w.passHead(p[:got]); n < got {
		w.held, w.lent = p[n:got], true
		return n, w.broken // err is told again when the rest has been read
	}
	return n, err
}

// beginHead notes that a byte of a head has come.
func (w *wire) beginHead() {
	if !w.begun {
		w.begun = true
		w.g.beginHead(w.Conn)
	}
}

// readBody reads the body of the request, its coding removed. io.EOF may come with the
// last bytes; it says that the body is complete.
func (w *wire) readBody(p []byte) (n int, err error) {
	switch {
	case w.broken != nil:
		return 0, w.broken
	case w.part == inSized:
		if w.left > 0 {
			n, err = w.take(p[:min(int64(len(p)), w.left)])
			w.left -= int64(n)
		}
		return n, endOfBody(err, w.left == 0)
	}
	for n == 0 && err == nil && !w.chunks.Done() {
		n, err = w.readChunks(p)
	}
	return n, endOfBody(err, w.chunks.Done())
}

// readChunks moves chunk data to p: much of it directly, so that it cannot run into what
// follows the body, else by way of held bytes. It may come to nothing.
func (w *wire) readChunks(p []byte) (n int, err error) {
	if len(w.held) == 0 {
		if data := w.chunks.Data(); data >= heldMemory {
			n, err = w.Conn.Read(p[:min(uint64(len(p)), data)])
			w.chunks.Pass(n)
			return n, err
		}
		w.memory = slices.Grow(w.memory[:0], heldMemory)[:heldMemory]
		if n, err = w.Conn.Read(w.memory); n == 0 {
			return 0, err
		}
		w.held = w.memory[:n]
	}
	n, taken, problem := w.chunks.Decode(p, w.held)
	w.drop(taken)
	if problem != headers.NoProblem {
		w.broken = errChunks
	}
	return n, w.broken
}

// endOfBody says what reading a body has come to.
func endOfBody(err error, complete bool) error {
	switch {
	case complete:
		return io.EOF
	case err == io.EOF:
		return io.ErrUnexpectedEOF
	}
	return err
}

// passHead lets lines through, up to the empty one. Every line must end with CRLF
// (RFC 9112 §2.2); empty ones before the request line are no part of it.
func (w *wire) passHead(p []byte) (int, error) {
	if w.lines == 0 {
		w.pri.pass(p)
	}
	for i := 0; i < len(p); {
		lf := bytes.IndexByte(p[i:], '\n')
		if lf < 0 {
			w.line, w.cr = w.line+len(p)-i, p[len(p)-1] == '\r'
			break
		}
		if lf > 0 {
			w.cr = p[i+lf-1] == '\r'
		}
		i += lf + 1
		if !w.cr {
			return i - 1, errBareLF // without the LF, which fasthttp would take for the end
		}
		empty := w.line+lf == len("\r")
		w.line, w.cr = 0, false
		switch {
		case !empty:
			w.lines++
		case w.lines > 0:
			w.part = unjudged
			w.heads++
			return i, nil
		}
	}
	return len(p), nil
}

// Write implements io.Writer.
func (w *wire) Write(p []byte) (int, error) {
	if w.reply == nil {
		return w.Conn.Write(p)
	}
	reply := w.reply
	w.reply = nil
	if _, err := w.WriteMoving(reply, w.idle); err != nil {
		return 0, err
	}
	return len(p), nil
}

// body tells how long the body of the request is whose head has passed.
func (w *wire) body(f headers.Framing) {
	w.part = atEnd
	switch f.Kind {
	case headers.Sized:
		w.part, w.left = inSized, f.Length
	case headers.Chunked:
		w.part = inChunks
		w.chunks.Reset()
	}
}

// unread reports whether bytes of the request's body, or its end, may still come.
func (w *wire) unread() bool {
	switch w.part {
	case unjudged:
		return true
	case inSized:
		return w.left > 0
	case inChunks:
		return !w.chunks.Done()
	}
	return false
}

// next makes way for the head of the next request. Behind a body that was not read
// there is none: what comes would be taken for it.
func (w *wire) next() {
	if w.unread() {
		w.broken = errBodyLeft
	}
	w.part, w.begun, w.lines, w.line, w.cr, w.pri, w.reply = inHead, false, 0, 0, false, 0, nil
}

// tunnel lets everything pass.
func (w *wire) tunnel() {
	w.own()
	w.part = inTunnel
}

// Close lets a connection rest that fasthttp has left for that, and ends any other. It
// lingers when the client has sent more than was taken: the kernel throws away
// what is left of the answer when a socket with unread input is closed. Nobody reads
// when it is called.
func (w *wire) Close() error {
	if w.resting {
		w.resting, w.memory, w.chunks = false, nil, headers.ChunkScan{}
		go w.g.rest(w)
		return nil
	}
	if len(w.held) > 0 || w.Unread() {
		w.Linger(lingerBytes, lingerTime)
	}
	return w.Conn.Close()
}

// wired is a listener whose connections are wires.
type wired struct {
	net.Listener
	g *Gateway
}

// Accept implements net.Listener.
func (l wired) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &wire{Conn: c.(*conn.Conn), g: l.g}, nil
}
