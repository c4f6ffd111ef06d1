package h1

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

// gate is the request gate. It is between a client's connection and fasthttp and lets
// through the head of one request at a time, to its empty line. The body is for ReadBody, as
// long as it was judged to be (Frame); what follows is kept until the response was written.
// So fasthttp can never see another end of a request than we do. A head passes as a whole,
// so that a client that sends it in small parts wakes no other goroutine.
//
// It is used by the goroutine that serves the connection, and by the one of an upload while
// that one waits for it.
type gate struct {
	conn      *conn.Conn
	server    *Server
	part      part
	begun     bool    // a byte of the head has come
	heads     int     // of requests that have passed
	lines     int     // lines of the head that have ended
	line      int     // bytes of its current line
	cr        bool    // the last of them is CR
	pri       opening // how much of an HTTP/2 preface has come
	tls       opening // how much of a TLS handshake has come
	startLine []byte  // the request line, see keepLine
	left      int64   // bytes of a sized body still to come
	readAhead []byte  // received, and not let through yet, see readahead.go
	borrowed  bool    // they lie in fasthttp's buffer
	memory    []byte  // else they lie here
	chunks    headers.ChunkScan
	broken    error // why nothing on the connection can be believed any more

	mayPark, parked bool
	parkTime        time.Duration // see await

	stream stream
}

// part is the part of a request that passes.
type part uint8

const (
	inHead   part = iota
	unjudged      // the head has passed; whether a body follows is not known
	atEnd         // the request has none
	inSized       // left bytes of a sized body
	inChunks      // a chunked body, whose end is found while it is read
	inTunnel      // what passes is no HTTP any more
)

// Errors that end a connection because the client breaks the framing.
var (
	errChunks   = errors.New("the chunked request body is not valid")
	errBareLF   = errors.New("a line of the request head does not end with CRLF")
	errTLS      = errors.New("the connection begins with a TLS handshake")
	errBodyLeft = errors.New("the request body was not read to its end")
)

func newGate(s *Server, c *conn.Conn) *gate {
	g := &gate{conn: c, server: s}
	g.stream.gate = g
	return g
}

// Read implements io.Reader for fasthttp. After broken framing it never passes anything again,
// and after a head the end.
func (g *gate) Read(p []byte) (n int, err error) {
	switch {
	case g.broken != nil:
		return 0, g.broken
	case g.part == inHead:
		return g.readHead(p)
	case g.part == inTunnel:
		return g.take(p)
	}
	return 0, io.EOF
}

// readHead waits for the whole request line, which fasthttp may refuse at once, and when it
// is called again for the whole head: fasthttp reads all that it has again whenever it is
// given more. It ends early when p is full or nothing more can come.
func (g *gate) readHead(p []byte) (n int, err error) {
	asked := g.lines
	for g.part == inHead && n < len(p) && err == nil && (asked > 0 || g.lines == 0) {
		var m int
		m, err = g.takeHead(p[n:])
		n += m
	}
	if asked == 0 {
		g.keepLine(p[:n])
	}
	return n, err
}

// takeHead moves bytes of the head to p, and reads ahead what belongs to no head.
func (g *gate) takeHead(p []byte) (n int, err error) {
	if len(g.readAhead) > 0 {
		g.copyOut()
		g.beginHead()
		n, g.broken = g.passHead(g.readAhead[:min(len(g.readAhead), len(p))])
		copy(p, g.readAhead[:n])
		g.drop(n)
		return n, g.broken
	}
	got, err := g.conn.Read(p)
	if got == 0 {
		return 0, g.silence(err)
	}
	g.beginHead()
	if n, g.broken = g.passHead(p[:got]); n < got {
		g.readAhead, g.borrowed = p[n:got], true
		return n, g.broken // the connection returns err again on the next Read
	}
	return n, err
}

// beginHead notes that a byte of a head has come.
func (g *gate) beginHead() {
	if !g.begun {
		g.begun = true
		g.server.beginHead(g.conn)
	}
}

// readBody reads the body of the request, its coding removed. io.EOF may come with the last
// bytes; it says that the body is complete.
func (g *gate) readBody(p []byte) (n int, err error) {
	switch {
	case g.broken != nil:
		return 0, g.broken
	case g.part == inSized:
		if g.left > 0 {
			n, err = g.take(p[:min(int64(len(p)), g.left)])
			g.left -= int64(n)
		}
		return n, endOfBody(err, g.left == 0)
	}
	for n == 0 && err == nil && !g.chunks.Done() {
		n, err = g.readChunks(p)
	}
	return n, endOfBody(err, g.chunks.Done())
}

// readChunks moves chunk data to p: much of it directly, so that it cannot run into what
// follows the body, else by way of bytes read ahead. It may come to nothing.
func (g *gate) readChunks(p []byte) (n int, err error) {
	if len(g.readAhead) == 0 {
		if data := g.chunks.Data(); data >= keptMemory {
			n, err = g.conn.Read(p[:min(uint64(len(p)), data)])
			g.chunks.Pass(n)
			return n, err
		}
		g.memory = slices.Grow(g.memory[:0], keptMemory)[:keptMemory]
		if n, err = g.conn.Read(g.memory); n == 0 {
			return 0, err
		}
		g.readAhead = g.memory[:n]
	}
	n, taken, problem := g.chunks.Decode(p, g.readAhead)
	g.drop(taken)
	if problem != headers.NoProblem {
		g.broken = errChunks
	}
	return n, g.broken
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
func (g *gate) passHead(p []byte) (int, error) {
	if g.lines == 0 {
		g.pri.pass(p, prefaceLine)
		if g.tls.pass(p, tlsHandshake); g.tls.complete(tlsHandshake) {
			return len(p) - 1, errTLS // the rest may have no line end to wait for
		}
	}
	for i := 0; i < len(p); {
		lf := bytes.IndexByte(p[i:], '\n')
		if lf < 0 {
			g.line, g.cr = g.line+len(p)-i, p[len(p)-1] == '\r'
			break
		}
		if lf > 0 {
			g.cr = p[i+lf-1] == '\r'
		}
		i += lf + 1
		if !g.cr {
			return i - 1, errBareLF // without the LF, which fasthttp would take for the end
		}
		empty := g.line+lf == len("\r")
		g.line, g.cr = 0, false
		switch {
		case !empty:
			g.lines++
		case g.lines > 0:
			g.part = unjudged
			g.heads++
			return i, nil
		}
	}
	return len(p), nil
}

// Write implements io.Writer for fasthttp, whose bytes are those of an empty response. They
// are thrown away, and the response that was sent goes out in their place.
func (g *gate) Write(p []byte) (int, error) {
	var err error
	if h := g.stream.handover; h != nil {
		err = h.write(g.stream.write)
	} else {
		err = g.stream.write()
	}
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// body sets the length of the body of the request whose head has passed.
func (g *gate) body(f headers.Framing) {
	g.part = atEnd
	switch f.Kind {
	case headers.Sized:
		g.part, g.left = inSized, f.Length
	case headers.Chunked:
		g.part = inChunks
		g.chunks.Reset()
	}
}

// unread reports whether bytes of the request's body, or its end, may still come.
func (g *gate) unread() bool {
	switch g.part {
	case unjudged:
		return true
	case inSized:
		return g.left > 0
	case inChunks:
		return !g.chunks.Done()
	}
	return false
}

// next makes way for the head of the next request. After a body that was not read there is
// none: what comes would be taken for it.
func (g *gate) next() {
	if g.unread() {
		g.broken = errBodyLeft
	}
	g.part, g.begun, g.lines, g.line, g.cr = inHead, false, 0, 0, false
	g.pri, g.tls = 0, 0
}

// Close parks a connection that fasthttp has left for that, and ends any other. It lingers
// when the client has sent more than was taken: the kernel throws away what is left of the
// response when a socket with unread input is closed. No goroutine reads when it is called.
func (g *gate) Close() error {
	if g.parked {
		g.parked, g.memory, g.startLine, g.chunks = false, nil, nil, headers.ChunkScan{}
		go g.server.park(g)
		return nil
	}
	if len(g.readAhead) > 0 || g.conn.Unread() {
		g.conn.Linger(lingerBytes, lingerTime)
	}
	return g.conn.Close()
}

// LocalAddr implements net.Conn, and so do the methods below it.
func (g *gate) LocalAddr() net.Addr                { return g.conn.LocalAddr() }
func (g *gate) RemoteAddr() net.Addr               { return g.conn.RemoteAddr() }
func (g *gate) SetDeadline(t time.Time) error      { return g.conn.SetDeadline(t) }
func (g *gate) SetReadDeadline(t time.Time) error  { return g.conn.SetReadDeadline(t) }
func (g *gate) SetWriteDeadline(t time.Time) error { return g.conn.SetWriteDeadline(t) }
