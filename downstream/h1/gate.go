package h1

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"time"

	"penstock/conn"
	"penstock/headers"
)

// gate is the request gate of a client's connection. It receives the head of one request at a
// time, to its empty line. The body is for readBody, as long as it was judged to be (Frame);
// what follows is kept until the response was written.
//
// It is used by the goroutine that serves the connection, and by the one of an upload while
// that one waits for it.
type gate struct {
	net.Conn  // the same, for fasthttp, which closes it
	conn      *conn.Conn
	server    *Server
	part      part
	head      requestHead
	heads     int                // of requests that have passed
	limits    Limits             // when the head began
	left      int64              // bytes of a sized body still to come
	readAhead []byte             // received after the head, and not taken yet, see readahead.go
	memory    []byte             // in which chunks are read ahead
	chunks    *headers.ChunkScan // of a chunked body; nil before the first, so that most connections are smaller
	broken    error              // why nothing on the connection can be believed any more
	departure *conn.Departure    // of the client; nil until a request watches

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
)

// Errors that end a connection because the client breaks the framing.
var (
	errChunks   = errors.New("the chunked request body is not valid")
	errBodyLeft = errors.New("the request body was not read to its end")
)

func newGate(s *Server, c *conn.Conn) *gate {
	g := &gate{Conn: c, conn: c, server: s}
	g.stream.gate = g
	return g
}

// Handshake and ConnectionState make fasthttp give the connection to serve instead of reading
// HTTP from it: as one on which the protocol was negotiated.
func (g *gate) Handshake() error { return nil }

// ConnectionState is explained at Handshake.
func (g *gate) ConnectionState() tls.ConnectionState {
	return tls.ConnectionState{NegotiatedProtocol: protocol}
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
	case g.part != inChunks:
		return 0, io.EOF
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
		if g.memory == nil {
			g.memory = make([]byte, min(keptMemory, g.server.o.HeaderBytes))
		}
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

// body sets the length of the body of the request whose head has passed.
func (g *gate) body(f headers.Framing) {
	g.part = atEnd
	switch f.Kind {
	case headers.Sized:
		g.part, g.left = inSized, f.Length
	case headers.Chunked:
		g.part = inChunks
		if g.chunks == nil {
			g.chunks = new(headers.ChunkScan)
		}
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

// Close parks a connection that serve has left for that, and ends any other. It lingers
// when the client has sent more than was taken: the kernel throws away what is left of the
// response when a socket with unread input is closed. No goroutine reads when it is called.
func (g *gate) Close() error {
	if g.parked {
		g.parked, g.memory, g.chunks = false, nil, nil
		g.giveMemory()
		go g.server.park(g)
		return nil
	}
	if len(g.readAhead) > 0 || g.conn.Unread() {
		g.conn.Linger(lingerBytes, lingerTime)
	}
	if g.stream.job == nil {
		g.giveMemory()
	}
	return g.conn.Close()
}
