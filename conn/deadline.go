package conn

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// side is one direction of a connection: its lazy deadline and its counters.
type side struct {
	deadline atomic.Int64  // on the sweeper's clock; 0 = none
	calls    atomic.Uint64 // calls begun << insideBits | calls inside the socket now
	bytes    atomic.Int64
	fired    atomic.Bool // the raw connection's deadline is set to the past
	mu       sync.Mutex  // held while the raw deadline is changed
}

const (
	insideBits = 16
	oneCall    = 1<<insideBits + 1
)

// expired is the deadline that has always passed.
const expired = 1

// longAgo is the raw deadline that wakes a blocked call.
var longAgo = time.Unix(1, 0)

func (s *side) busy() bool { return s.calls.Load()&(1<<insideBits-1) != 0 }

func (s *side) count() uint32 { return uint32(s.calls.Load() >> insideBits) }

// leave ends what begin began, with n more bytes moved.
func (s *side) leave(n int) {
	if n > 0 {
		s.bytes.Add(int64(n))
	}
	s.calls.Add(^uint64(0))
}

// cancel takes back what begin began, as if it had not been called.
func (s *side) cancel() { s.calls.Add(^uint64(oneCall - 1)) }

// SetDeadline sets both deadlines as SetReadDeadline and SetWriteDeadline do, and never returns
// an error either.
func (c *Conn) SetDeadline(t time.Time) error {
	at := c.sweeper.instant(t)
	c.arm(&c.in, at)
	c.arm(&c.out, at)
	return nil
}

// SetReadDeadline makes Read return os.ErrDeadlineExceeded from t on. Zero means no
// deadline. A blocked Read ends within one tick after t, or two when another connection
// was closed meanwhile; when t is already past it is woken before SetReadDeadline
// returns. A later deadline makes the connection usable again. It never returns an
// error and does not allocate.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.arm(&c.in, c.sweeper.instant(t))
	return nil
}

// SetWriteDeadline is SetReadDeadline for Write. Under TLS a Write that it ends while it waits
// leaves a connection that cannot be written any more.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.arm(&c.out, c.sweeper.instant(t))
	return nil
}

// SetReadDeadlineIn sets the read deadline d from now without reading the clock: it
// counts from the sweeper's last tick and adds one, so that a deadline is never
// early and at most three ticks late. Zero means no deadline; negative is past, which wakes a
// blocked Read at once.
func (c *Conn) SetReadDeadlineIn(d time.Duration) { c.arm(&c.in, c.sweeper.instantIn(d)) }

// SetWriteDeadlineIn is SetReadDeadlineIn for Write.
func (c *Conn) SetWriteDeadlineIn(d time.Duration) { c.arm(&c.out, c.sweeper.instantIn(d)) }

// arm stores a deadline and wakes the call that it already ends.
//
// No wake-up is lost: a call announces itself before it looks at the deadline, arm
// stores the deadline before it looks for a call, so at least one sees the other.
func (c *Conn) arm(s *side, at int64) {
	s.deadline.Store(at)
	if c.sweeper.past(at) && s.busy() {
		c.fire(s)
	}
}

// begin announces a call on s. False means that its deadline has passed.
func (c *Conn) begin(s *side) bool {
	s.calls.Add(oneCall)
	if c.sweeper.past(s.deadline.Load()) {
		s.cancel()
		return false
	}
	if s.fired.Load() {
		c.rearm(s)
	}
	return true
}

// resume decides about a call that the raw deadline ended: true means that the
// deadline has been moved meanwhile and the call must go on.
func (c *Conn) resume(s *side) bool {
	if c.sweeper.past(s.deadline.Load()) {
		return false
	}
	c.rearm(s)
	return true
}

// fire sets the raw deadline to the past, unless the deadline was moved meanwhile.
func (c *Conn) fire(s *side) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.sweeper.past(s.deadline.Load()) && !s.fired.Load() {
		s.fired.Store(true)
		c.setRaw(s, longAgo)
	}
}

// rearm removes the raw deadline, unless the deadline has passed again.
func (c *Conn) rearm(s *side) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !c.sweeper.past(s.deadline.Load()) {
		c.setRaw(s, time.Time{})
		s.fired.Store(false)
	}
}

// setRaw changes the deadline of the raw connection. Its only error is "closed",
// which the next call reports by itself.
func (c *Conn) setRaw(s *side, t time.Time) {
	if s == &c.in {
		_ = c.raw.SetReadDeadline(t)
	} else {
		_ = c.raw.SetWriteDeadline(t)
	}
}

// overdue reports whether the sweeper has to end a call on s at time now. Under TLS
// a Read may be blocked in a write and the other way round, so there every passed
// deadline is enforced, not only that of a running call.
func (s *side) overdue(now int64, secure bool) bool {
	at := s.deadline.Load()
	return at != 0 && at <= now && !s.fired.Load() && (secure || s.busy())
}

// outOfTime reports whether err is a deadline that time has reached, as opposed to one
// that was set to the past in order to end the call.
func (s *side) outOfTime(err error) bool { return timedOut(err) && s.deadline.Load() != expired }

// timedOut reports whether err is a passed deadline, as opposed to the kernel's ETIMEDOUT.
func timedOut(err error) bool { return err != nil && errors.Is(err, os.ErrDeadlineExceeded) }

// plain replaces a passed deadline by os.ErrDeadlineExceeded itself, so that it is
// the same error with and without I/O.
func plain(err error) error {
	if timedOut(err) {
		return os.ErrDeadlineExceeded
	}
	return err
}
