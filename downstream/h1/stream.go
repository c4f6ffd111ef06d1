package h1

import (
	"bytes"
	"net"
	"net/netip"
	"strconv"
	"time"

	"penstock/conn"
	"penstock/downstream"
	"penstock/exchange"
	"penstock/headers"
	"penstock/response"
	"penstock/tunnel"
)

// stream is the request that a connection serves at present. It implements
// downstream.Stream.
type stream struct {
	gate     *gate
	head     downstream.Head
	job      downstream.Job
	reply    *response.Response // not written yet
	persists bool               // the client lets the connection go on
	closing  bool               // the connection ends with the response
	run      func(tunnel.End, []byte)
	abandon  func()
}

// serve serves the request whose head the gate has received, and writes the response. It
// reports whether another request may follow.
func (t *stream) serve() bool {
	o := &t.gate.server.o
	t.reply, t.closing, t.persists = nil, false, false
	t.head = t.gate.received()
	if why := t.gate.head.refused; why != exchange.NoReason {
		t.job = o.Handler.Refuse(t, why, o.Now())
	} else {
		t.job = o.Handler.Serve(t, o.Now())
	}
	if t.run != nil {
		t.tunnel()
		return false
	}
	t.settle()
	err := t.write()
	t.finish()
	return err == nil && !t.closing
}

// tunnel writes the response that begins a tunnel, and runs the tunnel to its end.
func (t *stream) tunnel() {
	defer t.finish()
	run := t.run
	if err := t.write(); err != nil {
		t.abandon()
		return
	}
	t.gate.conn.Phase().Store(phaseTunnel)
	run(t.gate.conn, t.leaveHTTP())
}

// leaveHTTP returns what the client sent after its request. The head is copied to memory of its
// size, because a tunnel may last for days.
func (t *stream) leaveHTTP() []byte {
	g, h := t.gate, &t.head
	early := bytes.Clone(g.readAhead)
	h.Method, h.Target, h.Protocol, h.Fields = bytes.Clone(h.Method), bytes.Clone(h.Target), bytes.Clone(h.Protocol), bytes.Clone(h.Fields)
	g.readAhead, g.memory, g.head = nil, nil, requestHead{}
	return early
}

// finish ends the request: after the last byte of the response, after the tunnel, or when the
// client is lost.
func (t *stream) finish() {
	job := t.job
	t.job = nil
	job.Finish()
}

// Head implements downstream.Stream, and so do the methods below it.
func (t *stream) Head() *downstream.Head { return &t.head }

func (t *stream) Peer() netip.Addr {
	if a, ok := t.gate.conn.RemoteAddr().(*net.TCPAddr); ok {
		return a.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

func (t *stream) Frame(f headers.Framing, persists bool) {
	t.persists = persists
	t.gate.body(f)
}

func (t *stream) BufferedBody() []byte { return t.gate.wholeBody() }

func (t *stream) TimeBody(idle time.Duration) { t.gate.conn.SetReadDeadlineIn(idle) }

func (t *stream) ReadBody(p []byte) (int, error) { return t.gate.readBody(p) }

func (t *stream) AbortBody() { _ = t.gate.conn.SetReadDeadline(time.Unix(1, 0)) }

func (t *stream) BodyUnread() bool { return t.gate.unread() }

func (t *stream) Trailers() []byte {
	if t.gate.part != inChunks {
		return nil
	}
	return t.gate.chunks.Trailer()
}

func (t *stream) Watch(unless func() bool, quiet bool) *conn.Departure {
	g := t.gate
	if g.departure == nil {
		g.departure = g.server.departures.Get().(*conn.Departure)
	}
	g.departure.Watch(g.conn, unless, quiet)
	return g.departure
}

func (t *stream) Pace() *conn.Pace { return t.gate.conn.Pace() }

func (t *stream) Continue(idle time.Duration) error {
	if len(t.gate.readAhead) > 0 {
		return nil // the client did not wait
	}
	_, err := t.gate.conn.WriteMoving([]byte("HTTP/1.1 100 Continue\r\n\r\n"), idle)
	return err
}

// Interim writes at once. No earlier response can be overtaken: a request is served only
// when the response before was written.
func (t *stream) Interim(status int, fields []byte, idle time.Duration) {
	if http10(t.head.Protocol) {
		return
	}
	text := t.gate.server.takeBuffer()
	defer t.gate.server.giveBuffer(text)
	*text = appendStatusLine((*text)[:0], status, nil)
	*text = append(append(*text, fields...), "\r\n"...)
	t.gate.conn.SetWriteDeadlineIn(idle)
	_, _ = t.gate.conn.Write(*text) // a dead client shows when the response is written
}

func (t *stream) Send(r *response.Response) { t.reply = r }

func (t *stream) Tunnel(r *response.Response, run func(tunnel.End, []byte), abandon func()) {
	t.reply, t.run, t.abandon = r, run, abandon
}

func (t *stream) Done() {
	t.gate.next()
	t.head, t.run, t.abandon = downstream.Head{}, nil, nil
}

// settle decides, once the request was served, what becomes of the connection.
func (t *stream) settle() {
	o, r := &t.gate.server.o, t.reply
	limit := t.gate.limits.Requests
	t.closing = !t.persists || r == nil || r.Close || t.untilClose(r) || limit > 0 && t.gate.heads >= limit || o.Draining()
	if r != nil && r.Close {
		t.gate.conn.Linger(lingerBytes, lingerTime)
	}
}

// http10 reports whether the protocol that a request line names is HTTP/1.0.
func http10(protocol []byte) bool { return bytes.Equal(protocol, []byte("HTTP/1.0")) }

// A connection that is closed after a response lingers: bytes of an unread request body are
// thrown away for a moment, so that they do not make the kernel destroy the response
// (RFC 9112 §9.6).
const (
	lingerBytes = 64 << 20 // more than a fast client has on its way before it sees the response
	lingerTime  = 2 * time.Second
)

// appendStatusLine appends a status line; a nil reason is the standard phrase.
func appendStatusLine(dst []byte, status int, reason []byte) []byte {
	dst = append(strconv.AppendInt(append(dst, "HTTP/1.1 "...), int64(status), 10), ' ')
	if reason != nil {
		dst = append(dst, reason...)
	} else {
		dst = append(dst, response.StatusText(status)...)
	}
	return append(dst, "\r\n"...)
}
