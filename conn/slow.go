package conn

import (
	"errors"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// ErrSlowest is the error of a read or write on a connection whose transfer a SlowLimit has
// ended as the slowest, because too many were slow or by Yield. The connection can still be
// written if a read waited and no write at that time, else it was aborted.
var ErrSlowest = errors.New("too many transfers are slow, and this one is the slowest")

// A transfer is slow when it moved less than slowBytes in the last slowTime, for at least half
// of which the peer was waited for.
const (
	slowBytes = 64 << 10
	slowTime  = 10 * time.Second
)

// maxHeld is how many limits one transfer can count for.
const maxHeld = 2

// SlowLimit bounds how many transfers that occupy the same scarce places may be slow at once.
// When one more becomes slow, the slowest of them is ended: the one that has moved the fewest
// bytes for the time in which its peer was waited for, since it began. Slow is less than 64 KiB
// in 10 s, with the peer waited for during half of them. The zero value allows none. It is safe
// for concurrent use.
type SlowLimit struct {
	max   atomic.Int64
	ended func()

	mu      sync.Mutex
	slow    []slowTransfer
	holders holders
}

// slowTransfer is one that is slow, and how slow: bytes a second, as of its last slowTime.
type slowTransfer struct {
	pace *Pace
	rate float64
}

// NewSlowLimit returns a limit of n transfers; zero or less allows none. ended, when not nil,
// is called for each transfer that the limit has ended, by a sweeper or by Yield; it must not block.
func NewSlowLimit(n int, ended func()) *SlowLimit {
	l := &SlowLimit{ended: ended}
	l.SetMax(n)
	return l
}

// SetMax changes the limit; zero or less allows none. Transfers that are above a lower one are
// ended as others become, or still are, slow.
func (l *SlowLimit) SetMax(n int) { l.max.Store(int64(n)) }

// add notes that the transfer of p is slow. It returns the slowest one when that is one too
// many, and counts it no longer.
func (l *SlowLimit) add(p *Pace, rate float64) (slowest *Pace) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, last := -1, 0
	for i := range l.slow {
		if l.slow[i].pace == p {
			l.slow[i].rate, at = rate, i
		}
	}
	if at < 0 {
		l.slow = append(l.slow, slowTransfer{p, rate})
	}
	if int64(len(l.slow)) <= l.max.Load() {
		return nil
	}
	for i := range l.slow {
		if l.slow[i].rate < l.slow[last].rate {
			last = i
		}
	}
	slowest = l.slow[last].pace
	l.cut(last)
	return slowest
}

// remove notes that the transfer of p is not slow any more, or has ended.
func (l *SlowLimit) remove(p *Pace) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.slow {
		if l.slow[i].pace == p {
			l.cut(i)
			return
		}
	}
}

func (l *SlowLimit) cut(i int) {
	end := len(l.slow) - 1
	l.slow[i], l.slow[end] = l.slow[end], slowTransfer{}
	l.slow = l.slow[:end]
}

// slowness is the part of a Pace that finds slow transfers; nil before the first Hold, so that
// most connections are smaller. Pace.mu guards it.
type slowness struct {
	held   [maxHeld]*SlowLimit
	named  [maxHeld]bool // the transfer is in SlowLimit.holders
	at     [maxHeld]int  // index there; guarded by that limit
	begun  bool          // what follows is set
	since  time.Duration // on the sweeper's clock: when the last slowTime began
	waited time.Duration // for the peer, since then
	moved  int64         // bytes of the connection then
	total  time.Duration // for which the peer was waited for since the transfer began
	first  int64         // bytes of the connection then

	lookedAt time.Duration // on the sweeper's clock: when Yield has last noted seen
	seen     int64         // bytes of the connection then
}

func (s *slowness) holds() bool { return s != nil && s.held != [maxHeld]*SlowLimit{} }

// Hold counts the transfer of p for l, until Release. A transfer begins with the first Hold
// and ends with the last Release. It can count for two limits at once; a third Hold does
// nothing. With a nil p or l nothing is counted.
func (p *Pace) Hold(l *SlowLimit) { p.HoldFor(l, netip.Addr{}) }

// HoldFor is Hold for a transfer of which l knows the client, see SlowLimit.Yield. With the zero
// address it is the same as Hold.
func (p *Pace) HoldFor(l *SlowLimit, client netip.Addr) {
	if p == nil || l == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.slowness == nil {
		p.slowness = new(slowness)
	} else if !p.holds() {
		*p.slowness = slowness{}
	}
	for i := range p.held {
		if p.held[i] == nil {
			p.held[i] = l
			if p.named[i] = client.IsValid(); p.named[i] {
				l.enter(p, i, client)
			}
			break
		}
	}
	p.watch()
}

// Release ends what Hold began. It does nothing when p does not count for l, or one of them is nil.
func (p *Pace) Release(l *SlowLimit) {
	if p == nil || l == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.slowness == nil {
		return
	}
	for i := range p.held {
		if p.held[i] == l {
			p.held[i] = nil
			if p.named[i] {
				l.exit(p, i)
			}
		}
	}
	if p.marked.Load() {
		l.remove(p)
		p.marked.Store(p.holds())
	}
	p.watch()
}

// judgeSlowness counts one tick of a transfer, and at the end of each slowTime what was moved
// in it. It returns transfers that are to be ended, at most one for each limit. p.mu is held.
func (p *Pace) judgeSlowness(tick time.Duration) (slowest []condemned) {
	c, now := p.conn, time.Duration(p.conn.sweeper.now.Load())
	if !p.holds() {
		return nil
	}
	if p.ended.Load() != nil {
		p.wake() // again: a read may have begun just when it was woken
		return nil
	}
	if c.in.busy() || c.out.busy() {
		p.waited, p.total = p.waited+tick, p.total+tick
	}
	if !p.begun {
		if p.total >= firstLook {
			p.begin(now)
		}
		return nil
	}
	if now-p.since < slowTime {
		return nil
	}
	moved := p.movedBytes()
	slow := moved-p.moved < slowBytes && p.waited >= slowTime/2
	p.since, p.moved, p.waited = now, moved, 0
	if !slow {
		p.unmark()
		return nil
	}
	p.marked.Store(true)
	rate := float64(moved-p.first+1) / p.total.Seconds() // of those that moved nothing the one that waited longest is the slowest
	for _, l := range p.held {
		if l == nil {
			continue
		}
		if s := l.add(p, rate); s != nil {
			slowest = append(slowest, condemned{s, l})
		}
	}
	return slowest
}

// begin begins the first slowTime. p.mu is held.
func (p *Pace) begin(now time.Duration) {
	p.begun, p.since, p.waited, p.moved = true, now, 0, p.movedBytes()
	p.first = p.moved
}

// unmark takes the transfer out of the slow ones. p.mu is held.
func (p *Pace) unmark() {
	if !p.marked.Load() {
		return
	}
	for _, l := range p.held {
		if l != nil {
			l.remove(p)
		}
	}
	p.marked.Store(false)
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
