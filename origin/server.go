package origin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Server is one origin. Only New makes it, Start opens its socket, Shutdown stops it and waits for
// all of its goroutines.
type Server struct {
	name    string
	address string
	http    *http.Server
	served  atomic.Int64
	flaky   atomic.Int64
	life    context.Context // ends with Shutdown, which also ends endless responses
	end     context.CancelFunc
	work    sync.WaitGroup // the accept loop and every WebSocket

	// wait sleeps for d or until ctx ends; a field so that tests need no clock.
	wait func(ctx context.Context, d time.Duration) error

	mu       sync.Mutex
	listener net.Listener
	sockets  map[net.Conn]struct{} // hijacked connections, closed by Shutdown
}

// Options are the name and the address of an origin.
type Options struct {
	Name    string // shown in X-Origin and in every page; empty means "origin"
	Address string // "host:port"; empty means "127.0.0.1:0", a free port
}

// New returns an origin that does not listen yet. It checks nothing: a wrong address is an error of
// Start.
func New(o Options) *Server {
	if o.Name == "" {
		o.Name = "origin"
	}
	if o.Address == "" {
		o.Address = "127.0.0.1:0"
	}
	life, end := context.WithCancel(context.Background())
	s := &Server{
		name:    o.Name,
		address: o.Address,
		life:    life,
		end:     end,
		wait:    pause,
		sockets: make(map[net.Conn]struct{}),
	}
	s.http = &http.Server{
		Handler:           s.handler(),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       75 * time.Second,
		ConnContext:       boundBuffer,
	}
	return s
}

// sendBuffer is what the system keeps of a response until the peer has taken it. Origins share
// a machine with what is tested: without it each response that nobody reads costs the time to
// copy as much as the system's largest buffer, 4 MiB on Linux.
const sendBuffer = 64 << 10

// boundBuffer sets sendBuffer.
func boundBuffer(ctx context.Context, c net.Conn) context.Context {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(sendBuffer) // closed: nothing will be sent
	}
	return ctx
}

// Start opens the socket and serves in the background. It returns once
// connections are accepted; the error names the address that could not be opened.
// Cancelling ctx later does not stop the server, Shutdown does. It is called once; after Shutdown it
// is an error.
func (s *Server) Start(ctx context.Context) error {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", s.address)
	if err != nil {
		return fmt.Errorf("origin %s: %w", s.name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.life.Err() != nil {
		return errors.Join(fmt.Errorf("origin %s: it was shut down before", s.name), ln.Close())
	}
	s.listener = ln
	s.work.Go(func() {
		// Serve ends with ErrServerClosed after Shutdown; any other end means the
		// listener was closed, which callers see as refused connections.
		_ = s.http.Serve(ln)
	})
	return nil
}

// Addr returns the address that the origin listens on, nil before Start.
func (s *Server) Addr() net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener == nil {
		return nil
	}
	return s.listener.Addr()
}

// Shutdown stops accepting, ends event streams and WebSockets, and waits for other responses
// until ctx ends; connections that are still open then are closed, and it returns an error. It
// may be called more than once and before Start.
func (s *Server) Shutdown(ctx context.Context) error {
	s.end()
	s.closeSockets()
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(fmt.Errorf("origin %s: open responses were cut off: %w", s.name, err), s.http.Close())
	}
	s.closeSockets() // connections that were hijacked in the meantime
	s.work.Wait()
	return err
}

// keep registers a hijacked connection; false means that the origin is stopping.
func (s *Server) keep(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.life.Err() != nil {
		return false
	}
	s.sockets[c] = struct{}{}
	s.work.Add(1)
	return true
}

// drop removes a connection that keep registered.
func (s *Server) drop(c net.Conn) {
	s.mu.Lock()
	delete(s.sockets, c)
	s.mu.Unlock()
	s.work.Done()
}

func (s *Server) closeSockets() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.sockets {
		_ = c.Close()
	}
}

// pause sleeps for d, or until ctx ends and then returns its error.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
