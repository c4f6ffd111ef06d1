package conn

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// ErrTooSlow is the error of a read or write on a connection that the sweeper has aborted,
// because the peer took less than SetMinRate asks for. The connection stays unusable.
var ErrTooSlow = errors.New("the peer takes the bytes too slowly")

// firstLook is for how long a peer was waited for before the gateway looks at what it has taken.
// Most transfers end before, and cost no system call.
const firstLook = time.Second

// Pace compares what the peer moves with the time for which it is waited for. Conn.Pace
// returns it; the zero value is not valid. It is safe for concurrent use. The sweeper
// takes samples: a read or write that is under way at its tick counts as one tick, so that
// transfers pay for nothing but their beginning and end.
type Pace struct {
	on      atomic.Bool // something below is to be watched; read without mu
	marked  atomic.Bool // it is among the slow ones of a SlowLimit
	ended   atomic.Pointer[error]
	conn    *Conn
	mu      sync.Mutex // held before that of a SlowLimit
	rate    int64
	grace   time.Duration
	from    int64         // bytes of the connection that the peer had taken at the beginning
	looked  bool          // from is exact, and due is set
	blocked time.Duration // for so long writes have waited for the peer
	due     time.Duration // the bound of blocked for the bytes that the peer had taken when they were last read

	*slowness
}

// Pace returns what measures the peer of c. It is never nil, and the same for the life of c.
func (c *Conn) Pace() *Pace { return &c.pace }

// SetMinRate bounds the time for which writes wait for the peer, counted from now on: it may
// reach grace and the time that the bytes which the peer takes need at rate bytes a second.
// Time in which no write is under way does not count. At the bound the sweeper, which must be
// running, aborts the connection, and writes and reads return ErrTooSlow. A rate of zero or less
// removes the bound, but does not revive a connection that was aborted.
//
// On Linux bytes that wait in the kernel's send buffer are not taken; on other systems they
// are.
func (c *Conn) SetMinRate(rate int64, grace time.Duration) {
	p := &c.pace
	p.mu.Lock()
	p.rate, p.grace, p.from, p.looked, p.blocked = rate, grace, c.out.bytes.Load(), false, 0
	p.watch()
	p.mu.Unlock()
}

// watch notes whether the sweeper has anything to do. p.mu is held.
func (p *Pace) watch() { p.on.Store(p.rate > 0 || p.holds()) }

// waits reports whether the sweeper has to look: a read or write is under way that is bounded.
func (p *Pace) waits() bool {
	return p.on.Load() && (p.conn.out.busy() || p.conn.in.busy() || p.marked.Load())
}

// judge counts one tick, and ends what was too slow for too long.
func (p *Pace) judge(tick time.Duration) {
	p.mu.Lock()
	tooSlow := p.conn.out.busy() && p.belowRate(tick)
	slowest := p.judgeSlowness(tick)
	p.mu.Unlock()
	if tooSlow {
		p.conn.Abort()
	}
	for i := range slowest {
		slowest[i].end()
	}
}

// belowRate counts one tick of a write that waits. It is true when that is one too many. p.mu
// is held.
//
// The number of bytes that the peer has taken only grows. It is read from the kernel once at
// firstLook, and then only when blocked reaches due.
func (p *Pace) belowRate(tick time.Duration) bool {
	if p.rate <= 0 {
		return false
	}
	p.blocked += tick
	if p.looked && p.blocked < p.due || !p.looked && p.blocked < min(p.grace, firstLook) {
		return false
	}
	taken := p.taken()
	if !p.looked {
		p.looked, p.from = true, min(p.from, taken) // bytes of an earlier response may still be in the kernel
	}
	p.due = p.grace + time.Duration(float64(max(taken-p.from, 0))/float64(p.rate)*float64(time.Second))
	if p.blocked < p.due {
		return false
	}
	p.rate = 0
	p.ended.Store(&ErrTooSlow)
	return true
}

// taken returns how many bytes the peer has taken since the connection began.
func (p *Pace) taken() int64 { return p.conn.out.bytes.Load() - unsent(p.conn.sys) }

// failed is plain for an error of reading or writing.
func (p *Pace) failed(err error) error {
	if err != nil {
		if why := p.ended.Load(); why != nil {
			return *why
		}
	}
	return plain(err)
}

// movedBytes returns how many bytes the peer has sent and taken since the connection began.
func (p *Pace) movedBytes() int64 { return p.conn.in.bytes.Load() + p.taken() }

// condemned is a transfer that a limit ends.
type condemned struct {
	pace  *Pace
	limit *SlowLimit
}

// end ends the transfer, unless it has ended by itself: a read that waits for the peer returns
// ErrSlowest, and the connection can still be written; anything else aborts the connection.
func (d condemned) end() bool {
	p := d.pace
	p.mu.Lock()
	ended := p.ended.Load() == nil && (p.held[0] == d.limit || p.held[1] == d.limit)
	if ended {
		p.unmark()
		p.ended.Store(&ErrSlowest)
	}
	woken := ended && p.wake()
	p.mu.Unlock()
	if !ended {
		return false
	}
	if d.limit.ended != nil {
		d.limit.ended()
	}
	if !woken {
		p.conn.Abort()
	}
	return true
}

// wake ends a read that waits, when nothing is written beside it.
func (p *Pace) wake() bool {
	c := p.conn
	if !c.in.busy() || c.out.busy() {
		return false
	}
	c.arm(&c.in, expired)
	return true
}
