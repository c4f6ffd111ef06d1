package gateway

import (
	"bytes"
	"errors"
	"io"
	"net"
	"time"

	"penstock/conn"
	"penstock/exchange"
	"penstock/headers"
)

// wire stands between a client's connection and fasthttp and lets through the bytes
// of one request at a time: first the head, to its empty line, then the body, as
// long as admit has judged it to be. What follows is held back until the answer has
// been written. So fasthttp, which is more lenient, can never see another end of a
// request than we do, and a chunked body is complete only by the letter of the RFC.
// A head passes as a whole, so that a client that drips it wakes nobody else.
//
// It is used by the goroutine that serves the connection, and by the upload's while
// that one waits for it.
type wire struct {
	*conn.Conn
	g      *Gateway
	part   wirePart
	begun  bool   // a byte of the head has come
	lines  int    // lines of the head that have ended
	line   int    // bytes of its current line
	cr     bool   // the last of them is CR
	ahead  int64  // bytes of the body that fasthttp read before the body was judged
	left   int64  // bytes of a sized body still to come
	held   []byte // received, and not let through yet
	memory []byte // of held
	chunks headers.ChunkScan
	broken error           // why nothing on the connection can be believed any more
	failed error           // why the latest Read failed
	told   *exchange.Fault // what became of a request that is on record already, see unheard
	reply  []byte          // goes out in the place of what fasthttp writes next, see respondWhole
	idle   time.Duration   // without a byte of it being taken
}

// wirePart is the part of a request that passes.
type wirePart uint8

const (
	inHead   wirePart = iota
	behind            // the head has passed, the body is not judged: fasthttp takes its first byte
	inSized           // left bytes of a sized body
	inChunks          // a chunked body, which tells its end itself
	inTunnel          // what passes is no HTTP any more
)

// Errors that end a connection because the client breaks the framing.
var (
	errChunks = errors.New("the chunked request body is not valid")
	errBareLF = errors.New("a line of the request head does not end with CRLF")
)

// maxHeldMemory is how much memory for held bytes an idle connection keeps.
const maxHeldMemory = 4 << 10

// Read implements io.Reader. Behind broken framing it passes nothing, for ever.
func (w *wire) Read(p []byte) (n int, err error) {
	if w.broken != nil {
		return 0, w.broken
	}
	n, err = w.read(p)
	w.failed = err
	return n, err
}

// read lets bytes of the current part through.
func (w *wire) read(p []byte) (int, error) {
	switch w.part {
	case inHead:
		return w.readHead(p)
	case behind:
		p = p[:min(len(p), 1)] // one byte tells as much, and leaves the rest to the judged body
	case inSized:
		if w.left <= 0 {
			return 0, io.EOF
		}
		p = p[:min(int64(len(p)), w.left)]
	case inChunks:
		if w.chunks.Done() {
			return 0, io.EOF
		}
	}
	return w.take(p)
}

// readHead waits for the whole request line, which fasthttp may refuse at once, and
// when it is called again for the whole head: fasthttp reads all that it has again
// whenever it is given more. It ends early when p is full or nothing more can come.
func (w *wire) readHead(p []byte) (n int, err error) {
	asked := w.lines
	for w.part == inHead && n < len(p) && err == nil && (asked > 0 || w.lines == 0) {
		var m int
		m, err = w.take(p[n:])
		if m > 0 && !w.begun {
			w.begun = true
			w.g.beginHead(w.Conn)
		}
		n += m
	}
	return n, err
}

// take moves bytes of the current part to p: held ones, or new ones.
func (w *wire) take(p []byte) (int, error) {
	if len(w.held) > 0 {
		n, err := w.pass(p[:copy(p, w.held)])
		w.held = w.held[n:]
		if len(w.held) == 0 && cap(w.memory) > maxHeldMemory {
			w.memory = nil
		}
		return n, err
	}
	n, err := w.Conn.Read(p)
	m, problem := w.pass(p[:n])
	if m < n {
		w.memory = append(w.memory[:0], p[m:n]...)
		w.held = w.memory
	}
	if m < n {
		return m, problem // err is told again when the rest has been read
	}
	return m, err
}

// pass returns how many of the bytes belong to the current part.
func (w *wire) pass(p []byte) (n int, problem error) {
	switch w.part {
	case inHead:
		n, w.broken = w.passHead(p)
		return n, w.broken
	case behind:
		w.ahead += int64(len(p))
	case inSized:
		w.left -= int64(len(p))
	case inChunks:
		n, p := w.chunks.Scan(p)
		if p != headers.NoProblem {
			w.broken = errChunks
		}
		return n, w.broken
	}
	return len(p), nil
}

// passHead lets lines through, up to the empty one. Every line must end with CRLF
// (RFC 9112 §2.2); empty ones before the request line are no part of it.
func (w *wire) passHead(p []byte) (int, error) {
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
			w.part, w.ahead = behind, 0
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
	switch f.Kind {
	case headers.Sized:
		w.part, w.left = inSized, f.Length-w.ahead
	case headers.Chunked:
		w.part = inChunks
		w.chunks.Reset()
	}
}

// next makes way for the head of the next request.
func (w *wire) next() {
	w.part, w.begun, w.lines, w.line, w.cr, w.reply = inHead, false, 0, 0, false, nil
}

// tunnel lets everything pass.
func (w *wire) tunnel() { w.part = inTunnel }

// Close lingers when the client has sent more than was taken: the kernel throws away
// what is left of the answer when a socket with unread input is closed. Nobody reads
// when it is called.
func (w *wire) Close() error {
	if len(w.held) > 0 || !w.Alive() {
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
