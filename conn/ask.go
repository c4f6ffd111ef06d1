package conn

import "os"

// maxAsked is the longest message that is worth it: a longer one waits for its peer.
const maxAsked = 64 << 10

// Ask sends p on a connection without unread input and waits until a response begins,
// which the next Read takes. It is Alive, Write and the waiting of Read in one: what
// costs five system calls one by one takes three. It returns how many bytes were sent,
// all unless it returns an error: ErrStale before the first, else what Write would
// return. If the wait failed, or its deadline passed, the next Read returns the error. It must
// not run beside Read or Write.
//
// It does not wait under TLS, on systems other than Linux, past the read deadline, for a p of
// more than 64 KiB, and when the peer is slow to take p.
func (c *Conn) Ask(p []byte) (int, error) {
	if c.sawEOF.Load() || c.closing.Load() {
		return 0, ErrStale
	}
	if !c.calls.plain() || len(p) > maxAsked || !c.begin(&c.in) {
		return c.askSlowly(p)
	}
	if !c.begin(&c.out) {
		c.in.cancel()
		return 0, os.ErrDeadlineExceeded
	}
	n, err := c.calls.askFor(p)
	c.in.cancel()
	c.out.leave(n)
	switch err {
	case errSlow:
		m, err := c.Write(p[n:])
		return n + m, err
	case ErrStale:
		return 0, ErrStale
	}
	return n, err
}

// askSlowly is Ask without the waiting.
func (c *Conn) askSlowly(p []byte) (int, error) {
	if !c.Alive() {
		return 0, ErrStale
	}
	return c.Write(p)
}
