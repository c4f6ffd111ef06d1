package upstream

import (
	"sync"
	"sync/atomic"
	"time"

	"penstock/conn"
)

// The phases of a backend's connection, see conn.Conn.Phase.
const (
	_            uint32 = iota
	awaitingHead        // the request was sent, and no response head has come
	abandoned           // the wait was ended because the backend does not respond
)

// waits knows the connections to a backend, so that the attempts which wait for its
// response can be ended when it does not respond. The zero value is ready.
type waits struct {
	mu    sync.Mutex // held while waits are ended, too
	conns map[*conn.Conn]struct{}
	ended atomic.Int64 // unix ns: when waits were last ended
}

// add follows c until it is closed.
func (w *waits) add(c *conn.Conn) {
	w.mu.Lock()
	if w.conns == nil {
		w.conns = make(map[*conn.Conn]struct{})
	}
	w.conns[c] = struct{}{}
	w.mu.Unlock()
	c.OnClose(func() {
		w.mu.Lock()
		delete(w.conns, c)
		w.mu.Unlock()
	})
}

// begin notes that an attempt which began at this time waits on c from now on, until over.
// The read deadline has been set.
func (w *waits) begin(c *conn.Conn, began time.Time) {
	c.Phase().Store(awaitingHead)
	if at := w.ended.Load(); at != 0 && at >= began.UnixNano() {
		abandon(c) // it was on its way when the waits were ended
	}
}

// end ends all waits of attempts that have begun before now: the reads fail with
// os.ErrDeadlineExceeded, in the phase abandoned.
func (w *waits) end(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended.Store(now.UnixNano()) // before the phases are read, as begin does it the other way round
	for c := range w.conns {
		abandon(c)
	}
}

// abandon ends the wait on c, if there is one.
func abandon(c *conn.Conn) {
	if c.Phase().CompareAndSwap(awaitingHead, abandoned) {
		_ = c.SetReadDeadline(longAgo)
	}
}

// over ends the wait of c because a head has come. Afterwards nobody else changes the read
// deadline of c, which may have passed.
func (w *waits) over(c *conn.Conn) {
	if c.Phase().CompareAndSwap(awaitingHead, 0) || !c.Phase().CompareAndSwap(abandoned, 0) {
		return
	}
	w.mu.Lock() // an end that has begun ends first
	defer w.mu.Unlock()
}
