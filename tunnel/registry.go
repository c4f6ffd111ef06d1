package tunnel

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// ErrClosed is returned by Run once Shutdown has begun.
var ErrClosed = errors.New("no new tunnels: shutting down")

// Registry knows the tunnels that are open.
type Registry struct {
	mu     sync.Mutex
	open   map[*Tunnel]struct{}
	closed bool
	empty  chan struct{} // closed when the last tunnel has ended after Shutdown
}

// NewRegistry returns a Registry without tunnels.
func NewRegistry() *Registry {
	return &Registry{open: make(map[*Tunnel]struct{}), empty: make(chan struct{})}
}

// Len returns how many tunnels are open.
func (r *Registry) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.open)
}

// Run joins the two connections and returns when both directions have ended: the
// bytes sent to the backend, those received from it, and why it did not end well.
// Both connections are closed then, also when the tunnel is refused.
func (r *Registry) Run(t Tunnel) (sent, received int64, err error) {
	if !r.add(&t) {
		t.Client.Abort()
		t.Backend.Abort()
		return 0, 0, ErrClosed
	}
	defer r.remove(&t)
	return t.join()
}

// Shutdown refuses new tunnels and waits for the open ones. When ctx is done first
// it cuts what is left, waits for that to end, and says how many it cut.
func (r *Registry) Shutdown(ctx context.Context) error {
	r.mu.Lock()
	if !r.closed && len(r.open) == 0 {
		close(r.empty)
	}
	r.closed = true
	r.mu.Unlock()
	select {
	case <-r.empty:
		return nil
	case <-ctx.Done():
	}
	cut := r.cut()
	<-r.empty
	if cut == 0 {
		return nil
	}
	return fmt.Errorf("%d tunnels were cut: %w", cut, ctx.Err())
}

// cut ends every tunnel at once and returns how many there were.
func (r *Registry) cut() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	for t := range r.open {
		t.Client.Abort()
		t.Backend.Abort()
	}
	return len(r.open)
}

func (r *Registry) add(t *Tunnel) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.open[t] = struct{}{}
	}
	return !r.closed
}

func (r *Registry) remove(t *Tunnel) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.open, t)
	if r.closed && len(r.open) == 0 {
		close(r.empty)
	}
}
