package gateway

import (
	"errors"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"penstock/conn"
	"penstock/exchange"
)

// Sizes and times that the configuration does not set.
const (
	usualHead     = 8 << 10  // an answer's head up to this is parsed without allocating
	smallBody     = 64 << 10 // request bodies up to this are read whole, and so can be sent again
	maxKeptBuffer = 64 << 10 // larger buffers are not kept for the next request
	sweepEvery    = 100 * time.Millisecond
	workerIdle    = time.Second // a worker without a connection ends, and its stack with it
)

// newServer makes the fasthttp server in front of serve. What it would add or
// decide by itself is switched off: fields and limits are ours, and so are the
// deadlines, see markState and beginHead. headBytes is the size of the buffer that a head must fit in.
func (g *Gateway) newServer(headBytes int) *fasthttp.Server {
	return &fasthttp.Server{
		Handler:               g.serve,
		ErrorHandler:          g.refuse,
		ConnState:             g.markState,
		HeaderReceived:        g.hideBody,
		Logger:                quiet{g.log},
		NoDefaultServerHeader: true,
		NoDefaultDate:         true,
		NoDefaultContentType:  true,
		SecureErrorLogMessage: true,
		ReadBufferSize:        headBytes,
		WriteBufferSize:       4 << 10,
		MaxIdleWorkerDuration: workerIdle,
		Concurrency:           1 << 30,
	}
}

// Phases of a client connection, kept in its record for draining.
const (
	phaseIdle   uint32 = iota // nothing was received yet, or it waits between requests
	phaseBusy                 // a request is being received or answered
	phaseTunnel               // it left HTTP
)

// hideBody lets fasthttp take every request for one without a body. It would wait for
// the body in a way of its own, hold its buffers meanwhile, and read it by other rules.
// Only the raw head, which admit looks at, still tells of it.
func (g *Gateway) hideBody(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
	if n := h.ContentLength(); n > 0 || n == -1 {
		h.SetContentLength(0)
	}
	if len(h.Peek(fasthttp.HeaderExpect)) > 0 {
		h.Del(fasthttp.HeaderExpect) // else it would invite the body, see invite
	}
	return fasthttp.RequestConfig{}
}

// markState notes what a connection is doing and sets the deadline of the first byte
// of the next head. fasthttp calls a connection active when it has been given a
// request line, which is too late, see beginHead.
func (g *Gateway) markState(c net.Conn, s fasthttp.ConnState) {
	w, ok := c.(*wire)
	if !ok {
		return
	}
	switch s {
	case fasthttp.StateNew:
		w.SetPhase(phaseIdle)
		w.await(g.current.Load().headerTime)
	case fasthttp.StateIdle:
		w.SetPhase(phaseIdle)
		w.await(g.current.Load().idleTime)
	case fasthttp.StateHijacked:
		w.SetPhase(phaseTunnel)
	}
}

// beginHead is called at the first byte of a head, the whole of which has
// timeouts.header from now on. The request also gets a new write deadline: that of
// the answer before must not end its own first bytes, which fasthttp writes.
func (g *Gateway) beginHead(c *conn.Conn) {
	snap := g.current.Load()
	c.SetPhase(phaseBusy)
	c.SetReadDeadlineIn(snap.headerTime)
	c.SetWriteDeadlineIn(snap.bodyIdle)
}

// refuse answers what fasthttp itself could not read. The connection is closed.
func (g *Gateway) refuse(ctx *fasthttp.RequestCtx, err error) {
	j := g.begin(ctx, g.now())
	defer g.survive(j)
	j.closing = true
	f := refusal(err)
	switch {
	case j.wire == nil:
	case j.wire.pri.complete():
		f = exchange.Refuse(exchange.VersionRefused) // fasthttp dislikes its target first
	case f.Reason == exchange.HeaderTooLarge && j.wire.lines == 0:
		f = exchange.Refuse(exchange.URITooLong) // not even the first line ended (RFC 9112 §3)
	}
	g.fail(j, f)
}

// refusal translates an error of fasthttp's request reader.
func refusal(err error) *exchange.Fault {
	if _, ok := errors.AsType[*fasthttp.ErrSmallBuffer](err); ok {
		return exchange.Refuse(exchange.HeaderTooLarge)
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() || errors.Is(err, fasthttp.ErrTimeout) {
		return exchange.Refuse(exchange.HeaderStalled)
	}
	return exchange.Refuse(exchange.BadHeader)
}

// quiet is the logger of fasthttp's server. Its lines may quote what a client
// sent, so only their class is kept, at debug level.
type quiet struct{ log *slog.Logger }

// Printf implements fasthttp.Logger.
func (q quiet) Printf(format string, _ ...any) {
	class, _, _ := strings.Cut(format, "%")
	q.log.Debug("connection error", "class", strings.TrimSpace(class))
}
