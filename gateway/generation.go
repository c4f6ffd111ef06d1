package gateway

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"penstock/resource"
)

// releaseTime bounds how long the end of a generation waits for what its upstreams
// still do, such as a lookup.
const releaseTime = 10 * time.Second

// joinNewest returns the generation in force with one user more: what serves a request
// keeps the generation until it leaves.
func (g *proxy) joinNewest() *Snapshot {
	for {
		s := g.current.Load()
		if s.users.Add(1) > 1 {
			return s
		}
		s.leave() // it has just ended, so another one is in force
	}
}

// join counts one user more of a generation that the caller uses already.
func (s *Snapshot) join() *Snapshot {
	s.users.Add(1)
	return s
}

// leave gives back what joinNewest or join took. With its last user the generation ends:
// what no other one uses of its resources is shut down in the background. Nothing refers
// to it any more then, so its routes, its table and its configuration are garbage.
func (s *Snapshot) leave() {
	if s.users.Add(-1) == 0 && s.ended.CompareAndSwap(false, true) {
		s.onEnd()
	}
}

// retire says that no new request will live on the generation. It ends with the requests
// that do.
func (s *Snapshot) retire() {
	s.resources.Retire()
	s.leave() // what begin took
}

// release gives back what the generation holds.
func (s *Snapshot) release(ctx context.Context) error {
	for _, v := range s.views {
		v.Release()
	}
	s.views = nil
	return s.resources.Release(ctx)
}

// generations are those that were published and have not ended.
type generations struct {
	keeper resource.Keeper
	live   atomic.Int64
	log    *slog.Logger

	mu     sync.Mutex
	closed bool           // none ends in the background any more
	ending sync.WaitGroup // those that are being released
}

// begin counts s, which is in force until it is retired.
func (a *generations) begin(s *Snapshot) {
	s.onEnd = func() { a.ended(s) }
	s.users.Add(1)
	a.live.Add(1)
}

// ended releases what s holds in the background, or at once when that is over.
func (a *generations) ended(s *Snapshot) {
	a.live.Add(-1)
	release := func() {
		ctx, cancel := context.WithTimeout(context.Background(), releaseTime)
		defer cancel()
		if err := s.release(ctx); err != nil {
			a.log.Error("a retired configuration did not end cleanly", "generation", s.generation, "error", err)
		}
	}
	a.mu.Lock()
	closed := a.closed
	if !closed {
		a.ending.Go(release)
	}
	a.mu.Unlock()
	if closed {
		release()
	}
}

// end releases what the generation in force holds, whether or not a request is left, and
// waits for those that are ending. It is the end of a shutdown.
func (a *generations) end(ctx context.Context, s *Snapshot) (err error) {
	if s.ended.CompareAndSwap(false, true) {
		a.live.Add(-1)
		err = s.release(ctx)
	}
	a.mu.Lock()
	a.closed = true
	a.mu.Unlock()
	a.ending.Wait()
	return err
}
