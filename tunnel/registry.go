package tunnel

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// ErrClosed is wrapped by the error of Run for a tunnel that was refused or ended because
// Shutdown was called.
var ErrClosed = errors.New("shutting down")

// Registry holds the open tunnels. It is made by NewRegistry and safe for concurrent use.
type Registry struct {
	mu     sync.Mutex
	open   map[*run]struct{}
	closed bool
	wg     sync.WaitGroup
}

// NewRegistry returns a registry without tunnels.
func NewRegistry() *Registry { return &Registry{open: make(map[*run]struct{})} }

// Len returns how many tunnels are open.
func (r *Registry) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.open)
}

// Run joins the two connections and returns when both directions have ended and both
// connections are closed: sent went from the client to the backend, received came
// back, the bytes read earlier included. The end of one direction ends only that direction on
// the other connection, or both where its CloseWrite is not supported. The error is nil when both
// peers ended by themselves, also when one closes after it has ended its direction; it wraps
// os.ErrDeadlineExceeded after Idle, ErrClosed when Shutdown refused or ended the tunnel,
// *PanicError, or the socket's error. The connections are closed in every case, and the counts are
// right with an error, too.
func (r *Registry) Run(o Tunnel) (sent, received int64, err error) {
	t := &run{Tunnel: o}
	if !r.add(t) {
		t.end(ErrClosed)
		return 0, 0, t.cause
	}
	defer r.remove(t)
	t.extend()
	up := make(chan int64)
	go func() { up <- t.carry(t.Backend, t.Client, t.FromClient) }()
	received = t.carry(t.Client, t.Backend, t.FromBackend)
	sent = <-up
	t.end(nil)
	return sent, received, t.cause
}

// Shutdown refuses new tunnels and waits until the open ones have ended. When ctx is
// done before that, it closes the remaining ones, waits for them, and returns an error that says
// their number and wraps that of ctx; without remaining ones it returns nil.
func (r *Registry) Shutdown(ctx context.Context) error {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	drained := make(chan struct{})
	go func() {
		r.wg.Wait()
		close(drained)
	}()
	select {
	case <-drained:
		return nil
	case <-ctx.Done():
	}
	rest := r.left()
	for _, t := range rest {
		t.end(ErrClosed)
	}
	<-drained
	if len(rest) == 0 {
		return nil
	}
	return fmt.Errorf("%d tunnels were cut: %w", len(rest), ctx.Err())
}

// left returns the open tunnels.
func (r *Registry) left() []*run {
	r.mu.Lock()
	defer r.mu.Unlock()
	rest := make([]*run, 0, len(r.open))
	for t := range r.open {
		rest = append(rest, t)
	}
	return rest
}

func (r *Registry) add(t *run) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	r.open[t] = struct{}{}
	r.wg.Add(1)
	return true
}

func (r *Registry) remove(t *run) {
	r.mu.Lock()
	delete(r.open, t)
	r.mu.Unlock()
	r.wg.Done()
}
