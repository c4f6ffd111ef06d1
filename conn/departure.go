package conn

import "sync"

// Departure reports that the peer of a connection has left, so that work for it can stop. A
// request takes one with it while it waits for a backend. The zero value is not
// ready; see NewDeparture. It is used again and again: a Watch begins anew.
type Departure struct {
	mu      sync.Mutex
	watched *Conn // whose peer may leave; nil when nobody watches
	waiting *Conn // whose reads end when it does; nil for none
	left    bool
	signal  chan struct{}
	unless  func() bool
}

// NewDeparture returns a Departure. A departure does not count while unless returns true; it
// is called from another goroutine than Watch, but only between Watch and Unwatch. Nil never
// prevents one.
func NewDeparture(unless func() bool) *Departure {
	return &Departure{signal: make(chan struct{}, 1), unless: unless}
}

// Watch has the sweeper of c look, once in a tick, whether the peer of c has ended its
// direction or reset the connection. Unread bytes do not matter. Where the system cannot tell
// (other than Linux), it never has. Unwatch must follow before d is used for another
// connection or request.
func (d *Departure) Watch(c *Conn) {
	d.mu.Lock()
	d.watched, d.waiting, d.left = c, nil, false
	select {
	case <-d.signal:
	default:
	}
	d.mu.Unlock()
	c.watcher.Store(d)
}

// Unwatch ends what Watch began. Afterwards d does not change any more.
func (d *Departure) Unwatch() {
	d.mu.Lock()
	if d.watched != nil {
		d.watched.watcher.Store(nil)
	}
	d.watched, d.waiting = nil, nil
	d.mu.Unlock()
}

// look is called by the sweeper.
func (d *Departure) look(c *Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.watched != c || d.left || !peerLeft(c.sys) || d.unless != nil && d.unless() {
		return
	}
	d.left = true
	d.signal <- struct{}{} // there is room: Watch has emptied it
	if d.waiting != nil {
		d.waiting.arm(&d.waiting.in, expired)
	}
}

// Left reports whether the peer has left. It is false for a nil Departure.
func (d *Departure) Left() bool {
	if d == nil {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.left
}

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
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.waiting = c; d.left {
		c.arm(&c.in, expired)
	}
}

// Release ends what Interrupt began: c is left alone from now on.
func (d *Departure) Release() {
	if d == nil {
		return
	}
	d.mu.Lock()
	d.waiting = nil
	d.mu.Unlock()
}
