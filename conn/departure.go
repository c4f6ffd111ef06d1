package conn

import (
	"sync"
	"sync/atomic"
)

// Departure reports that the peer of a connection has left, so that work for it can stop. A
// request watches with it while it waits for a backend. It is used again and again, also for
// another connection: a Watch begins anew. NewDeparture makes one; the zero value is not valid.
// Left, Signal, Interrupt and Release do nothing on a nil Departure; the others need one.
type Departure struct {
	state   atomic.Uint32
	left    atomic.Bool
	waiting atomic.Pointer[Conn] // whose reads end when the peer leaves; nil for none
	mu      sync.Mutex           // held by look
	signal  chan struct{}

	// Set by Watch, used by look.
	conn   *Conn // whose peer may leave
	unless func() bool
	quiet  bool   // only a peer that leaves while one read waits for long counts
	seen   bool   // the sweeper has come by since
	calls  uint64 // of the connection that is waited for, at the last look
	looks  int    // since then
}

// quietLooks is how many ticks of the sweeper one read has to wait before a quiet Departure
// looks at the peer, and then how many pass between two looks.
const quietLooks = 10

// States of a Departure.
const (
	notWatching uint32 = iota
	watching
	looking // look is at work
)

// NewDeparture returns a Departure that watches nothing.
func NewDeparture() *Departure { return &Departure{signal: make(chan struct{}, 1)} }

// Watch has the sweeper of c look, from its second tick on and once in each, whether the peer
// of c has ended its direction or reset the connection. Unread bytes do not matter. Where the
// system cannot tell (other than Linux), it never has. A departure does not count while unless
// returns true; it is called from another goroutine, before Unwatch only. Nil never prevents
// one. With quiet, which is for the time in which a response is passed on, a peer that leaves
// counts only while the same read from the connection given to Interrupt has waited for ten
// ticks or more, so one that still gets bytes is never looked at; the look is then at every tenth
// tick. Unwatch must follow before the next Watch. A connection has one Departure at a time: the
// last one that watched it.
func (d *Departure) Watch(c *Conn, unless func() bool, quiet bool) {
	if d.left.Load() {
		select {
		case <-d.signal:
		default:
		}
		d.left.Store(false)
	}
	d.conn, d.unless, d.quiet, d.seen, d.calls, d.looks = c, unless, quiet, false, 0, 0
	d.state.Store(watching)
	if c.watcher.Load() != d {
		c.watcher.Store(d)
	}
}

// Unwatch ends what Watch and Interrupt began. Afterwards d does not change any more: Left keeps
// its result until the next Watch. It may be called again, and without a Watch.
func (d *Departure) Unwatch() {
	if !d.state.CompareAndSwap(watching, notWatching) {
		d.mu.Lock() // a look that has begun ends first
		d.state.Store(notWatching)
		d.mu.Unlock()
	}
	if d.waiting.Load() != nil {
		d.waiting.Store(nil)
	}
}

// Forget makes d free for another connection and lets the one before go. d must have watched
// one, else Forget panics, and must not be watching now.
func (d *Departure) Forget() {
	d.conn.watcher.CompareAndSwap(d, nil)
	d.unless = nil
}

// look is called by the sweeper for a connection that d was used for.
func (d *Departure) look(c *Conn) {
	if d.state.Load() != watching {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.state.CompareAndSwap(watching, looking) {
		return
	}
	defer d.state.Store(watching)
	switch {
	case d.conn != c:
		return // it was given to another one meanwhile
	case !d.seen:
		d.seen = true // most are over before the sweeper comes by again, and cost no system call
		return
	case d.quiet && !d.waitsLong():
		return
	case d.left.Load() || !peerLeft(c.sys) || d.unless != nil && d.unless():
		return
	}
	d.left.Store(true)
	d.signal <- struct{}{} // there is room: Watch has emptied it
	if w := d.waiting.Load(); w != nil {
		w.arm(&w.in, expired)
	}
}

// waitsLong counts a look of a quiet departure. It reports whether the peer is looked at now.
func (d *Departure) waitsLong() bool {
	w := d.waiting.Load()
	if w == nil {
		return false
	}
	if calls := w.in.calls.Load(); calls != d.calls || !w.in.busy() {
		d.calls, d.looks = calls, 0
		return false
	}
	d.looks++
	return d.looks%quietLooks == 0
}

// wanted reports whether look has to be called.
func (d *Departure) wanted() bool { return d != nil && d.state.Load() != notWatching }

// Left reports whether the peer has left. It is false for a nil Departure.
func (d *Departure) Left() bool { return d != nil && d.left.Load() }

// Signal returns a channel that has one element once the peer has left; it is never closed. It
// is nil, and so never ready, for a nil Departure. The receiver of the element knows; Left
// reports it to all others.
func (d *Departure) Signal() <-chan struct{} {
	if d == nil {
		return nil
	}
	return d.signal
}

// Interrupt makes reads from c, usually another connection than the watched one, end with
// os.ErrDeadlineExceeded once the watched peer has left, at once if it has. It must be called
// again after each change of c's read deadline, until Release.
func (d *Departure) Interrupt(c *Conn) {
	if d == nil {
		return
	}
	// look sets left before it reads waiting, so one of the two sees the other.
	if d.waiting.Store(c); d.left.Load() {
		c.arm(&c.in, expired)
	}
}

// Release ends what Interrupt began: the connection is left alone from now on. A read deadline
// that Interrupt has put into the past stays there.
func (d *Departure) Release() {
	if d == nil || d.waiting.Load() == nil {
		return
	}
	// look is at work before it reads waiting, so either it sees nil or is waited for.
	if d.waiting.Store(nil); d.state.Load() == looking {
		d.mu.Lock()
		d.waiting.Store(nil)
		d.mu.Unlock()
	}
}
