package h1

import (
	"bytes"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/valyala/fasthttp"

	"penstock/conn"
	"penstock/downstream"
	"penstock/headers"
	"penstock/response"
	"penstock/tunnel"
)

// stream is the request that a connection serves at present. It implements
// downstream.Stream.
type stream struct {
	gate    *gate
	ctx     *fasthttp.RequestCtx
	head    downstream.Head
	job     downstream.Job
	reply   *response.Response // not written yet
	closing bool               // the connection ends with the response
	run     func(tunnel.End, []byte)
	abandon func()

	handover *handover // of a response that begins a tunnel
}

type jobKey struct{}

// begin makes t the stream of a request that fasthttp has read, as far as it could.
func (t *stream) begin(ctx *fasthttp.RequestCtx) {
	h := &ctx.Request.Header
	t.ctx, t.reply, t.closing, t.handover = ctx, nil, false, nil
	t.head = downstream.Head{
		Protocol: h.Protocol(), Method: ctx.Method(), Target: h.RequestURI(), Scheme: "http", Fields: h.RawHeaders(),
	}
	ctx.SetUserValue(jobKey{}, t) // fasthttp closes it when it resets the request
}

// beginRefused is begin for a request that fasthttp could not read. It has forgotten what it
// read of it, so the head is what the gate has kept.
func (t *stream) beginRefused(ctx *fasthttp.RequestCtx) {
	t.begin(ctx)
	method, target, protocol := t.gate.requestLine()
	t.head = downstream.Head{Protocol: protocol, Method: method, Target: target, Scheme: t.head.Scheme}
}

// Close ends the request. fasthttp calls it after the last byte of the response, after the
// tunnel, or when the client is lost.
func (t *stream) Close() error {
	if r := t.reply; r != nil && r.Stream != nil {
		_ = r.Stream.CloseWithError(net.ErrClosed) // it was never begun
	}
	t.reply = nil
	if job := t.job; job != nil {
		t.job = nil
		job.Finish()
	}
	return nil
}

// Head implements downstream.Stream, and so do the methods below it.
func (t *stream) Head() *downstream.Head { return &t.head }

func (t *stream) Peer() netip.Addr {
	if a, ok := t.gate.conn.RemoteAddr().(*net.TCPAddr); ok {
		return a.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

func (t *stream) Frame(f headers.Framing) { t.gate.body(f) }

func (t *stream) BufferedBody() []byte { return t.gate.wholeBody() }

func (t *stream) TimeBody(idle time.Duration) { t.gate.conn.SetReadDeadlineIn(idle) }

func (t *stream) ReadBody(p []byte) (int, error) { return t.gate.readBody(p) }

func (t *stream) AbortBody() { _ = t.gate.conn.SetReadDeadline(time.Unix(1, 0)) }

func (t *stream) BodyUnread() bool { return t.gate.unread() }

func (t *stream) Trailers() []byte { return t.gate.chunks.Trailer() }

func (t *stream) Watch(d *conn.Departure) { d.Watch(t.gate.conn) }

func (t *stream) Continue(idle time.Duration) error {
	if len(t.gate.readAhead) > 0 {
		return nil // the client did not wait
	}
	_, err := t.gate.conn.WriteMoving([]byte("HTTP/1.1 100 Continue\r\n\r\n"), idle)
	return err
}

// Interim writes at once. No earlier response can be overtaken: fasthttp sees a request only
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
	t.ctx, t.head = nil, downstream.Head{}
	t.run, t.abandon = nil, nil
}

// settle decides, once the request was served, what becomes of the connection. asked says
// that the client wants it closed.
func (t *stream) settle(asked bool) {
	s, r := t.gate.server, t.reply
	if t.run != nil {
		t.hijack()
		return
	}
	limit := s.o.Limits().Requests
	t.closing = asked || r == nil || r.Close || t.untilClose(r) || limit > 0 && t.gate.heads >= limit || s.o.Draining()
	if t.closing {
		t.ctx.SetConnectionClose()
	}
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
