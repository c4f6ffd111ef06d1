package conn

import "errors"

// ErrStale says that an idle connection cannot be used again: its peer has closed it,
// or has sent something nobody asked for.
var ErrStale = errors.New("the idle connection was closed by its peer, or holds bytes nobody asked for")

// maxAsked is the longest message that is worth it: a longer one waits for its peer.
const maxAsked = 64 << 10

// Ask sends p on a connection that owes us nothing and waits until an answer begins,
// which the next Read takes. It is Alive, Write and the waiting of Read in one: what
// costs five system calls one by one takes three. It returns how many bytes were sent,
// all unless it returns an error: ErrStale before the first, else what Write would
// return. That the wait failed, or its deadline passed, is told by the next Read.
//
// Under TLS, and on systems other than Linux, it does not wait.
func (c *Conn) Ask(p []byte) (int, error) {
	if c.sawEOF.Load() || c.closing.Load() {
		return 0, ErrStale
	}
	return c.askRaw(p)
}

// askSlowly is Ask without the waiting.
func (c *Conn) askSlowly(p []byte) (int, error) {
	if !c.Alive() {
		return 0, ErrStale
	}
	return c.Write(p)
}
