package conn

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// ErrTooSlow is the error of a write on a connection that the sweeper has aborted, because
// the peer took less than SetMinRate asks for.
var ErrTooSlow = errors.New("the peer takes the bytes too slowly")

// pace compares what the peer takes with the time for which writes wait for it.
type pace struct {
	on      atomic.Bool // a rate is set; read without mu
	slow    atomic.Bool // the connection was aborted for it
	mu      sync.Mutex
	rate    int64
	grace   time.Duration
	from    int64         // bytes of the connection that the peer had taken at the beginning
	looked  bool          // from is exact, and due is set
	blocked time.Duration // for so long writes have waited for the peer
	due     time.Duration // the bound of blocked for the bytes that the peer had taken when they were last read
}

// SetMinRate bounds the time for which writes wait for the peer, counted from now on: it may
// reach grace and the time that the bytes which the peer takes need at rate bytes a second.
// Time in which no write is under way does not count. Above the bound the sweeper aborts the
// connection, and writes return ErrTooSlow. A rate of zero removes the bound.
//
// The sweeper takes samples: a write that is under way at its tick counts as one tick. On
// Linux bytes that wait in the kernel's send buffer are not taken; on other systems they are.
func (c *Conn) SetMinRate(rate int64, grace time.Duration) {
	p := &c.pace
	p.mu.Lock()
	p.rate, p.grace, p.from, p.looked, p.blocked = rate, grace, c.out.bytes.Load(), false, 0
	p.mu.Unlock()
	p.on.Store(rate > 0)
}

// waits reports whether a write is under way on s, the connection's out, that SetMinRate bounds.
func (p *pace) waits(s *side) bool { return s.busy() && p.on.Load() }

// judge counts one tick of a write that waits. It is true when that is one too many.
//
// The number of bytes that the peer has taken only grows. It is read from the kernel once at
// the beginning, and then only when blocked reaches due.
func (p *pace) judge(c *Conn, tick time.Duration) (tooSlow bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rate <= 0 {
		return false
	}
	if p.blocked += tick; p.looked && p.blocked < p.due {
		return false
	}
	taken := c.out.bytes.Load() - unsent(c.sys)
	if !p.looked {
		p.looked, p.from = true, min(p.from, taken) // bytes of an earlier response may still be in the kernel
	}
	p.due = p.grace + time.Duration(float64(max(taken-p.from, 0))/float64(p.rate)*float64(time.Second))
	if p.blocked < p.due {
		return false
	}
	p.rate = 0
	p.slow.Store(true)
	return true
}

// failed is plain for an error of writing.
func (p *pace) failed(err error) error {
	if err != nil && p.slow.Load() {
		return ErrTooSlow
	}
	return plain(err)
}
