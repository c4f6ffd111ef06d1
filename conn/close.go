package conn

import (
	"errors"
	"fmt"
	"net"
	"time"
)

// Close closes the connection, after lingering if Linger asked for it. It may be
// called more than once and from several goroutines; the first call does the work and returns
// the error of closing raw, later ones return nil at once, even while the first still lingers.
// Under TLS it sends close_notify before, for which it may wait 5 s. Reads and writes under way
// end with an error that wraps net.ErrClosed.
func (c *Conn) Close() error {
	if !c.closing.CompareAndSwap(false, true) {
		return nil
	}
	c.linger()
	return c.end(false)
}

// Abort closes the connection at once, also while Close is lingering. A TCP peer
// sees a reset: the only way to tell it that a message without a length is not
// complete. A peer on a unix socket sees an ordinary end. Bytes not yet sent are lost. It may be
// called from any goroutine and more than once; on a closed connection it does nothing.
func (c *Conn) Abort() {
	c.closing.Store(true)
	if t, ok := c.socket.(*net.TCPConn); ok {
		_ = t.SetLinger(0) // without it the peer sees an ordinary end, which is no harm to us
	}
	_ = c.end(true)
}

// CloseWrite ends our direction: FIN, or close_notify under TLS, without FIN. The peer can still
// send; later writes fail. The error wraps errors.ErrUnsupported when the raw connection has no
// halves, and else is that of raw, for example on a closed connection.
func (c *Conn) CloseWrite() error {
	if h, ok := c.raw.(interface{ CloseWrite() error }); ok {
		return h.CloseWrite()
	}
	return fmt.Errorf("close write side of %T: %w", c.raw, errors.ErrUnsupported)
}

// OnClose has f called once when the connection is closed, after the socket is.
// Several are called in the order given; on a closed connection f runs at once. It runs on the
// goroutine that closes, which may be the sweeper's, so it must not block.
func (c *Conn) OnClose(f func()) {
	e := &c.ending
	e.mu.Lock()
	closed := e.closed
	if !closed {
		e.callbacks = append(e.callbacks, f)
	}
	e.mu.Unlock()
	if closed {
		f()
	}
}

// Linger makes the next Close end our direction first and then discard what the peer
// still sends, until it ends, or limit bytes, or d has passed: closing a socket with
// unread input sends a reset, which can destroy a response before the peer has read
// it (RFC 9112 §9.6). The discarding happens inside Close, which may take d. Zero or less for
// either is off. It has no effect once SawEOF is true, and on what is neither TCP nor unix.
func (c *Conn) Linger(limit int64, d time.Duration) {
	e := &c.ending
	e.mu.Lock()
	e.lingerMax, e.lingerTime = limit, int64(d)
	e.mu.Unlock()
}

func (c *Conn) linger() {
	e := &c.ending
	e.mu.Lock()
	left, d := e.lingerMax, time.Duration(e.lingerTime)
	e.mu.Unlock()
	half, ok := c.socket.(interface{ CloseWrite() error })
	if left <= 0 || d <= 0 || !ok || c.sawEOF.Load() {
		return
	}
	// Closing the socket is the one bound that holds for the TLS farewell, for reading,
	// and whatever happens to deadlines meanwhile.
	limit := time.AfterFunc(d, func() { _ = c.socket.Close() })
	defer limit.Stop()
	if c.secure {
		_ = c.CloseWrite() // close_notify; when it cannot be sent, FIN alone must do
	}
	if half.CloseWrite() != nil {
		return // the peer is gone
	}
	c.arm(&c.in, 0)
	c.rearm(&c.in) // the deadline may have been the reason for this response
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	for left > 0 {
		n, err := c.socket.Read((*buf)[:min(left, bufferSize)])
		left -= int64(n)
		if err != nil {
			return
		}
	}
}

// end closes the raw connection, leaves the sweeper and calls the callbacks, once.
// now skips the TLS farewell, which can block.
func (c *Conn) end(now bool) error {
	e := &c.ending
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return nil
	}
	e.closed = true
	callbacks := e.callbacks
	e.callbacks = nil
	e.mu.Unlock()

	if now && c.secure && c.socket != nil {
		_ = c.socket.Close() // the one error that matters is that of the Close below
	}
	err := c.raw.Close()
	if errors.Is(err, net.ErrClosed) {
		err = nil // the end of lingering was faster
	}
	c.sweeper.remove(c)
	for _, f := range callbacks {
		f()
	}
	return err
}
