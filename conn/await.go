package conn

import (
	"errors"
	"io"
	"os"
)

// Await waits until a byte can be read, which stays where it is, and returns nil then: nothing
// but the calling goroutine is held meanwhile. It is the reader's call. The error is io.EOF when
// the peer has ended its direction, os.ErrDeadlineExceeded past the read deadline,
// errors.ErrUnsupported where CanAwait is false, and else the socket's; ErrTooSlow and ErrSlowest
// come from the Read that follows.
func (c *Conn) Await() error {
	if !c.CanAwait() {
		return errors.ErrUnsupported
	}
	if !c.begin(&c.in) {
		return os.ErrDeadlineExceeded
	}
	err := c.calls.await()
	for timedOut(err) && c.resume(&c.in) {
		err = c.calls.await()
	}
	c.in.cancel()
	if err == io.EOF {
		return c.endOfStream()
	}
	return plain(err)
}

// CanAwait reports whether Await works: on a plain TCP or unix socket, without TLS, under Linux.
// It does not change in the life of c.
func (c *Conn) CanAwait() bool { return c.calls.plain() }

// Unread reports whether bytes of the peer wait to be read, its end of stream not being
// one. Where CanAwait is false the two cannot be distinguished: it is true then whenever Alive
// is false, and after true the connection can only be closed. It does not wait, save as Alive
// does, and must not run beside Read.
func (c *Conn) Unread() bool {
	if !c.CanAwait() {
		return !c.Alive()
	}
	return c.calls.unread()
}
