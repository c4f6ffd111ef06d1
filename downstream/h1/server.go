package h1

import (
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"penstock/conn"
	"penstock/downstream"
)

// workerIdle is after how long a worker without a connection ends, and its stack with it.
const workerIdle = time.Second

// Limits are what a running configuration sets for client connections. The zero value limits
// nothing. Durations must not be negative.
type Limits struct {
	Header   time.Duration // for a whole request head, from its first byte, and before it on a new connection; zero means no limit
	Idle     time.Duration // between two requests; zero means no limit
	BodyIdle time.Duration // for writing, from the first byte of a head until the response brings its own limit; zero means no limit
	Requests int           // after so many a connection is closed; zero or less means never
}

// Options are what a Server is made from. All fields are required; New does not check them.
type Options struct {
	Handler     downstream.Handler
	Limits      func() Limits // asked anew for each request; must not block
	Draining    func() bool   // responses say Connection: close while it is true
	Now         func() time.Time
	Log         *slog.Logger
	HeaderBytes int // a request head must fit in so many bytes; above zero
}

// Server serves connections of clients. It is made by New and safe for concurrent use.
type Server struct {
	o     Options
	http  *fasthttp.Server
	heads sync.Pool // *[]byte in which responses are put together
	rooms sync.Pool // *[]byte in which request heads are received

	departures sync.Pool // *conn.Departure
	parked     parking
}

// New returns a Server. It opens no socket, starts no goroutine and never fails.
func New(o Options) *Server {
	s := &Server{o: o}
	s.heads.New = func() any { b := make([]byte, 0, usualResponse); return &b }
	s.departures.New = func() any { return conn.NewDeparture() }
	s.rooms.New = func() any { b := make([]byte, o.HeaderBytes); return &b }
	s.http = &fasthttp.Server{Logger: quiet{o.Log}, MaxIdleWorkerDuration: workerIdle, Concurrency: 1 << 30}
	s.http.NextProto(protocol, func(c net.Conn) error {
		s.serve(c.(*gate))
		return nil
	})
	return s
}

// protocol is the name under which fasthttp gives connections to serve. It is the one that TLS
// negotiates for HTTP/1.1 (RFC 7301).
const protocol = "http/1.1"

// Serve serves the connections of ln, which must be *conn.Conn (it panics otherwise), until
// Accept fails. It returns nil when ln was closed, and else that error; timeouts of Accept are
// waited out. Connections that were accepted are served on. It may be called for several
// listeners at once.
func (s *Server) Serve(ln net.Listener) error { return s.http.Serve(gated{ln, s}) }

// gated is a listener whose connections are gates.
type gated struct {
	net.Listener
	s *Server
}

// Accept implements net.Listener. The time of the first head begins.
func (l gated) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	g := newGate(l.s, c.(*conn.Conn))
	g.await(l.s.o.Limits().Header)
	return g, nil
}

// Phases of a client connection, kept in its record for draining.
const (
	phaseIdle   uint32 = iota // nothing was received yet, or it waits between requests
	phaseBusy                 // a request is being received, or its response sent
	phaseTunnel               // it left HTTP
)

// beginHead is called at the first byte of a head, the whole of which has Limits.Header from
// now on. The request also gets a new write deadline: that of the response before must not
// end its own first bytes.
func (g *gate) beginHead() {
	g.limits = g.server.o.Limits()
	g.conn.Phase().Store(phaseBusy)
	g.conn.SetReadDeadlineIn(g.limits.Header)
	g.conn.SetWriteDeadlineIn(g.limits.BodyIdle)
}

// serve serves the requests of a connection one after the other, until it ends, is parked or
// has left HTTP.
func (s *Server) serve(g *gate) {
	for {
		if err := g.readHead(); err == io.EOF || err != nil && !g.breaks(err) {
			return
		} // a new connection that says nothing is owed a response
		if !g.stream.serve() {
			return
		}
		g.conn.Phase().Store(phaseIdle)
		g.await(s.o.Limits().Idle)
	}
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
