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

// batch is how many connections are looked at before the list is unlocked for a moment.
const batch = 1024

// Sweeper enforces the deadlines of its connections and keeps a coarse clock.
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
	overdue []*Conn // scratch of sweep
}

// NewSweeper returns a sweeper that looks every tick; zero or less means DefaultTick.
// It does nothing before Start.
func NewSweeper(tick time.Duration) *Sweeper {
	if tick <= 0 {
		tick = DefaultTick
	}
	s := &Sweeper{tick: tick, stop: make(chan struct{}), stopped: make(chan struct{})}
	s.base = time.Now().Add(-time.Second) // so that no instant of ours is 0 or expired
	s.now.Store(int64(time.Second))
	return s
}

// Start begins sweeping. A second Start does nothing.
func (s *Sweeper) Start() {
	if s.started.CompareAndSwap(false, true) {
		go s.run()
	}
}

// Shutdown closes every connection that is left, ends sweeping and waits for it
// until ctx is done. Connections made afterwards are closed at once.
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
	t := time.NewTicker(s.tick)
	defer t.Stop()
	trim := time.Now()
	for {
		select {
		case <-s.stop:
			return
		case <-t.C:
		}
		s.sweep(time.Since(s.base))
		if time.Since(trim) > pipeIdle {
			s.pipes.trim()
			trim = time.Now()
		}
	}
}

// sweep moves the coarse clock to now and ends the calls whose deadlines have passed.
func (s *Sweeper) sweep(now time.Duration) {
	s.now.Store(int64(now))
	for from := 0; ; from += batch {
		more := s.collect(from, int64(now))
		for i, c := range s.overdue {
			c.fire(&c.in) // each checks again whether its own deadline has passed
			c.fire(&c.out)
			s.overdue[i] = nil
		}
		if !more {
			return
		}
	}
}

// collect finds the overdue ones among one batch of connections. A removal meanwhile
// may move a connection to a place already seen; it is found at the next tick.
func (s *Sweeper) collect(from int, now int64) (more bool) {
	s.overdue = s.overdue[:0]
	s.mu.Lock()
	defer s.mu.Unlock()
	if from >= len(s.conns) {
		return false
	}
	to := min(from+batch, len(s.conns))
	for _, c := range s.conns[from:to] {
		if c.in.overdue(now, c.secure) || c.out.overdue(now, c.secure) {
			s.overdue = append(s.overdue, c)
		}
	}
	return to < len(s.conns)
}

// Now returns the coarse clock: at most one tick behind the real one while the
// sweeper runs. It costs one atomic load.
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

// Len returns how many connections are open.
func (s *Sweeper) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// Each calls f for every connection that is open now; f may close it.
func (s *Sweeper) Each(f func(*Conn)) {
	s.mu.Lock()
	all := append([]*Conn(nil), s.conns...)
	s.mu.Unlock()
	for _, c := range all {
		f(c)
	}
}

// CloseAll closes every open connection at once, the lingering ones too. Answers that
// were written still reach their peers.
func (s *Sweeper) CloseAll() {
	s.Each(func(c *Conn) {
		c.closing.Store(true)
		_ = c.end(true)
	})
}
