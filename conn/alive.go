package conn

import (
	"time"
)

// pendingWait is how long Alive waits for the rest of a TLS record that has begun to arrive.
const pendingWait = time.Millisecond

// peeked is what a look at the socket showed.
type peeked uint8

const (
	peekQuiet peeked = iota // nothing to read: as an idle connection should be
	peekData                // unread bytes, or the end of the stream
	peekEnded               // an error
)

// Alive probes an idle connection before it is used again: false means that the peer
// has closed it, or sent something nobody asked for, which would be taken for the
// next response, or that Close or Abort was called. After false the connection can only be
// closed: under TLS a byte of it may have been taken. It does not wait, save a millisecond when
// TLS bytes are pending, and must not run beside Read. Where the socket cannot be looked at,
// which is neither TCP nor unix or not on a unix system, only a seen end of stream and our own
// closing make it false. Under TLS unread bytes do not make it false before the first Read.
func (c *Conn) Alive() bool {
	if c.sawEOF.Load() || c.closing.Load() {
		return false
	}
	if c.sys == nil {
		return true
	}
	if c.probe == nil {
		c.probe = newProbe()
	}
	seen := c.probe.look(c.sys)
	if seen == peekEnded {
		return false
	}
	if c.secure && c.in.count() > 0 { // before the first Read the handshake may not have happened
		return c.aliveTLS(seen)
	}
	return c.secure || seen == peekQuiet
}

// aliveTLS distinguishes payload from session tickets and key updates, which an idle peer
// may send: only decryption can. It also finds records that were read ahead.
func (c *Conn) aliveTLS(seen peeked) bool {
	c.in.mu.Lock()
	defer c.in.mu.Unlock()
	limit := longAgo // read what was read ahead, do not touch the socket
	if seen == peekData {
		limit = time.Now().Add(pendingWait)
	}
	c.in.fired.Store(true) // the next Read removes the limit
	_ = c.raw.SetReadDeadline(limit)
	var one [1]byte
	n, err := c.raw.Read(one[:])
	return n == 0 && err != nil && timedOut(err)
}
