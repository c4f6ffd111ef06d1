package conn

import (
	"io"
	"os"
)

// Await waits until a byte can be read, which stays where it is: nothing but the
// calling goroutine is held meanwhile. It is the reader's call. The error is io.EOF when
// the peer has ended its direction, os.ErrDeadlineExceeded past the read deadline,
// errors.ErrUnsupported where CanAwait is false, and else what a Read would return.
func (c *Conn) Await() error {
	if !c.begin(&c.in) {
		return os.ErrDeadlineExceeded
	}
	err := c.awaitRaw()
	for timedOut(err) && c.resume(&c.in) {
		err = c.awaitRaw()
	}
	c.in.cancel()
	if err == io.EOF {
		return c.endOfStream()
	}
	return plain(err)
}
