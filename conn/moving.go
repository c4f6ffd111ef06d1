package conn

import (
	"errors"
	"os"
	"time"
)

// WriteMoving writes p. A slow peer may take long for it, as long as it takes some
// bytes in every idle period; zero means no limit, negative fails at once. Under TLS whose
// transport is no Underlay all of p has to be taken in one period. It returns how many bytes
// were taken, fewer than len(p) only with an error: os.ErrDeadlineExceeded after a period without
// a byte, else that of Write. The write deadline is left armed.
func (c *Conn) WriteMoving(p []byte, idle time.Duration) (done int, err error) {
	if u := underlayOf(c.raw); u != nil {
		return u.write(c, p, idle)
	}
	for {
		c.SetWriteDeadlineIn(idle)
		n, err := c.Write(p[done:])
		done += n
		if err == nil || n == 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			return done, err
		}
	}
}
