package conn

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// DefaultTick is the sweeper's tick when none is given.
const DefaultTick = 100 * time.Millisecond

// Sizes of a sweep.
const (
	batch  = 1024 // connections that are looked at before the list is unlocked for a moment
	shares = 16   // of a long list, looked at one after the other in a tick
	few    = 64   // connections are a share, or more
)

// Sweeper enforces the deadlines of its connections and keeps a coarse clock. It is made by
// NewSweeper, safe for concurrent use, and cannot be used again after Shutdown. It looks
// at each connection once in a tick, but not at all of them at once: what ends
// thousands of them would keep the processors from everything else.
type Sweeper struct {
	now  atomic.Int64 // nanoseconds since base, as of the last tick
	base time.Time
	tick time.Duration
	_    [64]byte // every Read looks at now: keep the cache line free of what is written often

	pipes  pipes
	mu     sync.Mutex
	conns  []*Conn
	closed bool

	stop    chan struct{}
	stopped chan struct{}
	started atomic.Bool
	halt    sync.Once

	// Of step alone.
	next    int     // share of the list
	stride  int     // how many shares there are in this round
	overdue []*Conn // scratch
}

// NewSweeper returns a sweeper that looks at each connection every tick; zero or less means DefaultTick.
// It does nothing before Start: deadlines end no blocked call, and the clock does not move.
func NewSweeper(tick time.Duration) *Sweeper {
	if tick <= 0 {
		tick = DefaultTick
	}
	s := &Sweeper{tick: tick, stop: make(chan struct{}), stopped: make(chan struct{})}
	s.base = time.Now().Add(-time.Second) // so that no instant of ours is 0 or expired
	s.now.Store(int64(time.Second))
	return s
}

// Start begins sweeping, on a goroutine that Shutdown ends. A second Start does nothing, and so
// does one after Shutdown.
func (s *Sweeper) Start() {
	if s.started.CompareAndSwap(false, true) {
		go s.run()
	}
}

// Shutdown closes every connection that is left, as CloseAll does, ends sweeping and waits for
// it until ctx is done. Only when the goroutine has not ended by then it returns an error, which
// wraps that of ctx. Connections made afterwards are closed at once. It may be called again.
func (s *Sweeper) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.CloseAll()
	s.halt.Do(func() { close(s.stop) })
	if !s.started.Load() {
		s.pipes.close()
		return nil
	}
	select {
	case <-s.stopped:
	case <-ctx.Done():
	}
	select {
	case <-s.stopped:
		s.pipes.close()
		return nil
	default:
		return fmt.Errorf("sweeper still runs: %w", ctx.Err())
	}
}

func (s *Sweeper) run() {
	defer close(s.stopped)
	next := time.Now().Add(s.tick)
	trim := next
	t := time.NewTimer(s.tick)
	defer t.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-t.C:
		}
		now := time.Now()
		next = next.Add(s.step(now.Sub(s.base)))
		if late := now.Sub(next); late > 0 {
			next = now // the process was stopped for a while
		}
		t.Reset(time.Until(next))
		if now.Sub(trim) > pipeIdle {
			s.pipes.trim()
			trim = now
		}
	}
}

// step moves the coarse clock to now and ends the calls of the next share of the
// connections whose deadlines have passed. It returns the time until the next step.
//
// A share is every strideth connection of the list: neighbours came together, and so
// often end together. A removal puts the last connection into the gap. In that way one
// may be missed, until the next round.
func (s *Sweeper) step(now time.Duration) time.Duration {
	s.now.Store(int64(now))
	if s.next >= s.stride {
		s.next, s.stride = 0, max(1, min(s.Len()/few, shares))
	}
	for from := s.next; ; from += batch * s.stride {
		more := s.collect(from, int64(now))
		for i, c := range s.overdue {
			c.fire(&c.in) // each checks again whether its own deadline has passed
			c.fire(&c.out)
			if d := c.watcher.Load(); d != nil {
				d.look(c)
			}
			if c.pace.waits() {
				c.pace.judge(s.tick)
			}
			s.overdue[i] = nil
		}
		if !more {
			break
		}
	}
	s.next++
	return s.tick / time.Duration(s.stride)
}

// collect finds the overdue and the watched ones, and those whose peers are waited for, among one batch of a share.
func (s *Sweeper) collect(from int, now int64) (more bool) {
	s.overdue = s.overdue[:0]
	s.mu.Lock()
	defer s.mu.Unlock()
	end := from + batch*s.stride
	for i := from; i < min(end, len(s.conns)); i += s.stride {
		if c := s.conns[i]; c.in.overdue(now, c.secure) || c.out.overdue(now, c.secure) || c.watcher.Load().wanted() || c.pace.waits() {
			s.overdue = append(s.overdue, c)
		}
	}
	return end < len(s.conns)
}

// Now returns the coarse clock: at most one tick late while the
// sweeper runs; before Start it is the time of NewSweeper, and Shutdown stops it. It costs one
// atomic load.
func (s *Sweeper) Now() time.Time { return s.base.Add(time.Duration(s.now.Load())) }

// past reports whether the instant has passed on the coarse clock; 0 never does.
func (s *Sweeper) past(at int64) bool { return at != 0 && at <= s.now.Load() }

// instant puts t on the sweeper's clock. The real clock is read only when the
// coarse one cannot tell whether t is already past.
func (s *Sweeper) instant(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	at := int64(t.Sub(s.base))
	if at <= expired {
		return expired
	}
	if ahead := at - s.now.Load(); ahead > 0 && ahead < 2*int64(s.tick) && int64(time.Since(s.base)) >= at {
		return expired
	}
	return at
}

// instantIn is instant for d from now.
func (s *Sweeper) instantIn(d time.Duration) int64 {
	switch {
	case d == 0:
		return 0
	case d < 0:
		return expired
	}
	return s.now.Load() + int64(d) + int64(s.tick)
}

// add registers c; false means that the sweeper has been shut down.
func (s *Sweeper) add(c *Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	c.index = len(s.conns)
	s.conns = append(s.conns, c)
	return true
}

func (s *Sweeper) remove(c *Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.index < 0 {
		return
	}
	last := len(s.conns) - 1
	s.conns[c.index] = s.conns[last]
	s.conns[c.index].index = c.index
	s.conns[last] = nil
	s.conns = s.conns[:last]
	c.index = -1
}

// Len returns how many connections are open, the lingering ones included.
func (s *Sweeper) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// Each calls f for every connection that is open now, in no particular order; f may close it.
// One that is closed meanwhile is still passed to f, one that is made meanwhile is not.
func (s *Sweeper) Each(f func(*Conn)) {
	s.mu.Lock()
	all := append([]*Conn(nil), s.conns...)
	s.mu.Unlock()
	for _, c := range all {
		f(c)
	}
}

// CloseAll closes every open connection at once, without lingering, and the lingering ones too.
// Responses that were written still reach their peers, unless one has sent bytes that were not
// read: its socket is reset. The sweeper goes on and takes new connections.
func (s *Sweeper) CloseAll() {
	s.Each(func(c *Conn) {
		c.closing.Store(true)
		_ = c.end(true)
	})
}
