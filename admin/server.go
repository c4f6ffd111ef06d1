package admin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// Limits of the listener. It serves a few operators and a scraper.
const (
	maxConnections = 256
	healthShare    = 32              // connections of them that serve nothing but health
	maxHead        = 16 << 10        // bytes
	maxBody        = 16 << 10        // bytes
	firstByteTime  = 2 * time.Second // of a new connection
	readTimeout    = 10 * time.Second
	writeTimeout   = 30 * time.Second
	idleTimeout    = 60 * time.Second
)

// Options configures a Server. Address and the interfaces are needed, but for Cache.
type Options struct {
	Address   string   // "host:port", ":port" or "unix:/path"
	Token     string   // bearer token; "" means none: then only a loopback or unix address serves more than health and metrics
	Names     []string // host names that requests may use besides the one in Address, localhost and IP addresses
	Build     Build
	Readiness Readiness
	Views     Views
	Balancer  Balancer
	Reloader  Reloader
	Metrics   Metrics
	Cache     Cache        // nil means that there is none
	Log       *slog.Logger // nil means none
}

// Server is the admin listener. Only New makes it, Start opens it, Shutdown ends it.
type Server struct {
	o         Options
	gate      *gate
	http      *fasthttp.Server
	listener  *listener
	life      context.Context // ends with Shutdown
	end       context.CancelFunc
	served    chan struct{} // closed when Serve has returned
	profiling atomic.Bool   // a profile that lasts is being taken
	stopOnce  sync.Once
}

// New checks o: it returns nil and an error when the address or an interface is missing. It opens
// nothing; whether the address is usable is found by Start.
func New(o Options) (*Server, error) {
	if o.Address == "" {
		return nil, errors.New("admin: no address given")
	}
	if o.Readiness == nil || o.Views == nil || o.Balancer == nil || o.Reloader == nil || o.Metrics == nil {
		return nil, errors.New("admin: an interface of the gateway is missing")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{o: o, served: make(chan struct{})}
	s.life, s.end = context.WithCancel(context.Background())
	return s, nil
}

// Start opens the listener and returns once it accepts; the context is not used. A socket file on
// which no process listens is replaced. The error is that the address cannot be opened, and the
// Server is of no use then. It is called once, and not after Shutdown.
func (s *Server) Start(context.Context) error {
	ln, err := listen(s.o.Address)
	if err != nil {
		return err
	}
	s.listener = ln
	s.gate = newGate(s.o, ln.Addr())
	s.http = &fasthttp.Server{
		Handler:                      s.recovering(s.router()),
		ErrorHandler:                 refuseBroken,
		Logger:                       quiet{s.o.Log},
		Concurrency:                  2 * maxConnections, // the listener counts; those that it closes need a moment
		ConnState:                    rest,
		ReadBufferSize:               maxHead,
		MaxRequestBodySize:           maxBody,
		ReadTimeout:                  readTimeout,
		WriteTimeout:                 writeTimeout,
		IdleTimeout:                  idleTimeout,
		CloseOnShutdown:              true,
		NoDefaultServerHeader:        true,
		SecureErrorLogMessage:        true,
		DisablePreParseMultipartForm: true,
	}
	go func() {
		defer close(s.served)
		if err := s.http.Serve(ln); err != nil && s.life.Err() == nil {
			s.o.Log.Error("admin listener ended", slog.Any("error", err))
		}
	}()
	return nil
}

// Addr returns the address that Start opened; nil before.
func (s *Server) Addr() net.Addr {
	if s.listener == nil {
		return nil
	}
	return s.listener.Addr()
}

// Shutdown stops accepting, ends profiles that are being taken, lets other requests
// finish until ctx ends and then closes their connections. The error contains their number; it is
// nil when all ended in time, and before Start.
func (s *Server) Shutdown(ctx context.Context) error {
	s.end()
	if s.listener == nil {
		return nil
	}
	s.stopOnce.Do(func() { s.listener.Close() })
	s.listener.closeUnused()
	err := s.http.ShutdownWithContext(ctx)
	cut := s.listener.closeAll()
	<-s.served
	if err != nil {
		return fmt.Errorf("admin: %d connections were closed before their requests ended: %w", cut, err)
	}
	return nil
}

// recovering turns a panic into one 500.
func (s *Server) recovering(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		defer func() {
			if p := recover(); p != nil {
				s.o.Log.Error("admin request panicked", slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
				refuse(ctx, fasthttp.StatusInternalServerError, "The request failed because of a bug; the log has the details.")
			}
		}()
		begin(ctx)
		ctx.Response.Header.Set("Cache-Control", "no-store")
		ctx.Response.Header.Set("X-Content-Type-Options", "nosniff")
		next(ctx)
	}
}

// quiet passes the server's remarks to the log at level debug: they tell of broken
// connections, which are the clients' business. Only the kind of remark is logged, as
// its details may quote a header.
type quiet struct{ log *slog.Logger }

func (q quiet) Printf(format string, _ ...any) {
	q.log.Debug("admin server", slog.String("remark", format))
}
