package h1

import (
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"penstock/conn"
	"penstock/downstream"
	"penstock/exchange"
)

// workerIdle is after how long a worker without a connection ends, and its stack with it.
const workerIdle = time.Second

// Limits are what a running configuration sets for client connections.
type Limits struct {
	Header   time.Duration // for a whole request head, from its first byte; zero means no limit
	Idle     time.Duration // between two requests; zero means no limit
	BodyIdle time.Duration // for the first bytes of a response
	Requests int           // after so many a connection is closed; zero means never
}

// Options are what a Server is made from. All fields are required.
type Options struct {
	Handler     downstream.Handler
	Limits      func() Limits // asked anew for each request; must not block
	Draining    func() bool   // responses say Connection: close while it is true
	Now         func() time.Time
	Log         *slog.Logger
	HeaderBytes int // a request head must fit in so many bytes
}

// Server serves connections of clients. It is safe for concurrent use.
type Server struct {
	o      Options
	http   *fasthttp.Server
	heads  sync.Pool // *[]byte in which responses are put together
	parked parking
}

// New returns a Server. It opens no socket.
func New(o Options) *Server {
	s := &Server{o: o}
	s.heads.New = func() any { b := make([]byte, 0, usualResponse); return &b }
	// Fields, limits and deadlines of fasthttp's own are switched off; ours are set here and in
	// markState and beginHead.
	s.http = &fasthttp.Server{
		Handler:               s.serve,
		ErrorHandler:          s.refuse,
		ConnState:             s.markState,
		HeaderReceived:        hideBody,
		Logger:                quiet{o.Log},
		NoDefaultServerHeader: true,
		NoDefaultDate:         true,
		NoDefaultContentType:  true,
		SecureErrorLogMessage: true,
		ReadBufferSize:        o.HeaderBytes,
		WriteBufferSize:       4 << 10,
		MaxIdleWorkerDuration: workerIdle,
		Concurrency:           1 << 30,
	}
	return s
}

// Serve serves the connections of ln, which must be *conn.Conn, until Accept fails. It
// returns that error.
func (s *Server) Serve(ln net.Listener) error { return s.http.Serve(gated{ln, s}) }

// gated is a listener whose connections are gates.
type gated struct {
	net.Listener
	s *Server
}

// Accept implements net.Listener.
func (l gated) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return newGate(l.s, c.(*conn.Conn)), nil
}

// Phases of a client connection, kept in its record for draining.
const (
	phaseIdle   uint32 = iota // nothing was received yet, or it waits between requests
	phaseBusy                 // a request is being received, or its response sent
	phaseTunnel               // it left HTTP
)

// hideBody lets fasthttp take every request for one without a body. It would wait for the
// body in a way of its own, hold its buffers meanwhile, and read it by other rules. Only the
// raw head still contains them.
func hideBody(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
	if n := h.ContentLength(); n > 0 || n == -1 {
		h.SetContentLength(0)
	}
	if len(h.Peek(fasthttp.HeaderExpect)) > 0 {
		h.Del(fasthttp.HeaderExpect) // else it would send 100 Continue by itself
	}
	return fasthttp.RequestConfig{}
}

// markState notes what a connection is doing and sets the deadline of the first byte of the
// next head. fasthttp calls a connection active when it has been given a request line, which
// is too late, see beginHead.
func (s *Server) markState(c net.Conn, state fasthttp.ConnState) {
	g, ok := c.(*gate)
	if !ok {
		return
	}
	switch state {
	case fasthttp.StateNew:
		g.conn.SetPhase(phaseIdle)
		g.await(s.o.Limits().Header)
	case fasthttp.StateIdle:
		g.conn.SetPhase(phaseIdle)
		g.await(s.o.Limits().Idle)
	case fasthttp.StateHijacked:
		g.conn.SetPhase(phaseTunnel)
	}
}

// beginHead is called at the first byte of a head, the whole of which has Limits.Header from
// now on. The request also gets a new write deadline: that of the response before must not
// end its own first bytes.
func (s *Server) beginHead(c *conn.Conn) {
	limits := s.o.Limits()
	c.SetPhase(phaseBusy)
	c.SetReadDeadlineIn(limits.Header)
	c.SetWriteDeadlineIn(limits.BodyIdle)
}

// serve handles one request whose head fasthttp has read. fasthttp writes the response after
// it returns, and then closes the user value, which ends the request.
func (s *Server) serve(ctx *fasthttp.RequestCtx) {
	t := streamOf(ctx)
	t.begin(ctx)
	t.job = s.o.Handler.Serve(t, ctx.Time())
	t.settle(ctx.Request.Header.ConnectionClose())
}

// refuse handles requests that fasthttp could not read. The connection is closed.
func (s *Server) refuse(ctx *fasthttp.RequestCtx, err error) {
	t := streamOf(ctx)
	t.beginRefused(ctx)
	why := refusal(err)
	switch {
	case t.gate.tls.complete(tlsHandshake):
		why = exchange.TLSOnPlainPort
	case t.gate.pri.complete(prefaceLine):
		why = exchange.VersionRefused // fasthttp refuses its target first
	case why == exchange.HeaderTooLarge && t.gate.lines == 0:
		why = exchange.URITooLong // not even the first line ended (RFC 9112 §3)
	}
	t.job = s.o.Handler.Refuse(t, why, s.o.Now())
	t.settle(true)
}

// streamOf returns the stream of the connection that ctx is served on.
func streamOf(ctx *fasthttp.RequestCtx) *stream { return &ctx.Conn().(*gate).stream }

// refusal translates an error of fasthttp's request reader.
func refusal(err error) exchange.Reason {
	if _, ok := errors.AsType[*fasthttp.ErrSmallBuffer](err); ok {
		return exchange.HeaderTooLarge
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() || errors.Is(err, fasthttp.ErrTimeout) {
		return exchange.HeaderStalled
	}
	return exchange.BadHeader
}

// Parked returns how many connections are parked: idle, and without a worker.
func (s *Server) Parked() int { return int(s.parked.now.Load()) }

// quiet is the logger of fasthttp's server. Its lines may quote what a client sent, so only
// their class is kept, at debug level.
type quiet struct{ log *slog.Logger }

// Printf implements fasthttp.Logger.
func (q quiet) Printf(format string, _ ...any) {
	class, _, _ := strings.Cut(format, "%")
	q.log.Debug("connection error", "class", strings.TrimSpace(class))
}

// parking counts parked connections.
type parking struct {
	now     atomic.Int64 // parked at this moment
	since   atomic.Int64 // parked since memory was given back
	pending atomic.Bool  // memory will be given back, or was a short time ago
}
