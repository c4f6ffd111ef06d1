package conn

import (
	"sync"
	"sync/atomic"
)

// Departure reports that the peer of a connection has left, so that work for it can stop. A
// request takes one with it while it waits for a backend. The zero value is not
// ready; see NewDeparture. It is used again and again: a Watch begins anew.
type Departure struct {
	watched atomic.Pointer[Conn] // whose peer may leave; nil when nobody watches
	waiting atomic.Pointer[Conn] // whose reads end when it does; nil for none
	seen    atomic.Bool          // the sweeper has come by since Watch
	left    atomic.Bool
	mu      sync.Mutex // held by look, and by those who end what look may be doing
	signal  chan struct{}
	unless  func() bool

	quiet bool   // only a peer that leaves while one read waits for long counts
	calls uint64 // of the connection that is waited for, at the last look; of the sweeper alone
	looks int    // since then
}

// quietLooks is how many ticks of the sweeper one read has to wait before a departure made by
// NewQuietDeparture looks at the peer, and then how many pass between two looks.
const quietLooks = 10

// NewDeparture returns a Departure. A departure does not count while unless returns true; it
// is called from another goroutine than Watch, but only between Watch and Unwatch. Nil never
// prevents one.
func NewDeparture(unless func() bool) *Departure {
	return &Departure{signal: make(chan struct{}, 1), unless: unless}
}

// NewQuietDeparture returns a Departure for the time in which a response is passed on. A peer
// that leaves counts only while the same read from the connection given to Interrupt has
// waited for ten ticks of the sweeper or more, so one that still gets bytes is never looked at.
func NewQuietDeparture() *Departure {
	return &Departure{signal: make(chan struct{}, 1), quiet: true}
}

// Watch has the sweeper of c look, from its second tick on and once in each, whether the peer of c has ended its
// direction or reset the connection. Unread bytes do not matter. Where the system cannot tell
// (other than Linux), it never has. Unwatch must follow before d is used for another
// connection or request.
func (d *Departure) Watch(c *Conn) {
	if d.left.Load() {
		select {
		case <-d.signal:
		default:
		}
		d.left.Store(false)
	}
	d.seen.Store(false)
	d.watched.Store(c)
	c.watcher.Store(d)
}

// Unwatch ends what Watch began. Afterwards d does not change any more.
func (d *Departure) Unwatch() {
	if c := d.watched.Swap(nil); c != nil {
		c.watcher.Store(nil)
	}
	d.mu.Lock() // a look that has begun ends first
	d.waiting.Store(nil)
	d.mu.Unlock()
}

// look is called by the sweeper.
func (d *Departure) look(c *Conn) {
	if !d.seen.Swap(true) {
		return // most are over before the sweeper comes by again, and cost no system call
	}
	if d.quiet && !d.waitsLong() {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.watched.Load() != c || d.left.Load() || !peerLeft(c.sys) || d.unless != nil && d.unless() {
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

// Left reports whether the peer has left. It is false for a nil Departure.
func (d *Departure) Left() bool { return d != nil && d.left.Load() }

// Signal has one element once the peer has left. It is nil, and so never ready, for a nil
// Departure. The receiver of the element knows; Left reports it to all others.
func (d *Departure) Signal() <-chan struct{} {
	if d == nil {
		return nil
	}
	return d.signal
}

// Interrupt makes reads from c end with os.ErrDeadlineExceeded once the peer has left, at once
// if it has. It must be called again after each change of c's read deadline, until Release.
func (d *Departure) Interrupt(c *Conn) {
	if d == nil {
		return
	}
	// look sets left before it reads waiting, so one of the two sees the other.
	if d.waiting.Store(c); d.left.Load() {
		c.arm(&c.in, expired)
	}
}

// Release ends what Interrupt began: the connection is left alone from now on.
func (d *Departure) Release() {
	if d == nil || d.waiting.Load() == nil {
		return
	}
	d.mu.Lock() // a look that has begun ends first
	d.waiting.Store(nil)
	d.mu.Unlock()
}
