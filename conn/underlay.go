package conn

import (
	"crypto/tls"
	"io"
	"net"
	"sync/atomic"
	"time"
)

// underlay carries TLS. It remembers whether the stream below it ended, and lets a slow peer
// take long for a record, for which crypto/tls cannot wait twice.
type underlay struct {
	net.Conn
	sawEOF atomic.Bool
	owner  atomic.Pointer[Conn] // wraps the TLS connection; nil before New
	idle   atomic.Int64         // of the WriteMoving under way, in nanoseconds; else 0
	taken  atomic.Int64         // bytes that the system has taken from Write
	before atomic.Int64         // of these, when the idle period began
}

// Underlay returns raw for use as the transport of a tls.Client or tls.Server that is
// wrapped by New later. crypto/tls reports a FIN between two records as io.EOF, as if
// the peer had said close_notify; with an Underlay such a cut is io.ErrUnexpectedEOF,
// so that a message that ends with the connection is not taken for complete
// (RFC 9112 §9.8). WriteMoving needs it, too. It never fails and sends nothing; Conn.Read makes
// the difference.
func Underlay(raw net.Conn) net.Conn { return &underlay{Conn: raw} }

// underlayOf returns the transport of a TLS connection, nil when it is not an underlay.
func underlayOf(raw net.Conn) *underlay {
	if t, ok := raw.(*tls.Conn); ok {
		u, _ := t.NetConn().(*underlay)
		return u
	}
	return nil
}

// NetConn returns the wrapped connection.
func (u *underlay) NetConn() net.Conn { return u.Conn }

// Read reads from the wrapped connection.
func (u *underlay) Read(p []byte) (int, error) {
	n, err := u.Conn.Read(p)
	if err == io.EOF {
		u.sawEOF.Store(true)
	}
	return n, err
}

// Write writes to the wrapped connection. In a WriteMoving it goes on after each idle period in
// which the system has taken something.
func (u *underlay) Write(p []byte) (done int, err error) {
	for {
		n, err := u.Conn.Write(p[done:])
		done += n
		u.taken.Add(int64(n))
		if !timedOut(err) {
			return done, err
		}
		n, again := u.another(p[done:])
		if done += n; done == len(p) {
			return done, nil
		}
		if !again {
			return done, err
		}
	}
}

// another begins another idle period, unless nothing was taken in the last. Then it first sends
// what there is room for, without waiting, see Conn.Write. It returns how many bytes of p that
// were.
func (u *underlay) another(p []byte) (n int, again bool) {
	c, idle := u.owner.Load(), time.Duration(u.idle.Load())
	if c == nil || idle <= 0 || c.closing.Load() {
		return 0, false
	}
	at := c.out.deadline.Load()
	if at == expired { // ended on purpose
		return 0, false
	}
	if u.taken.Load() == u.before.Load() {
		var calls socketCalls
		if calls.bind(u.Conn, c.sys); calls.plain() {
			n, _ = calls.writeNow(p, nil) // the next Write finds an error, too
			u.taken.Add(int64(n))
		}
	}
	if taken := u.taken.Load(); u.before.Swap(taken) == taken {
		return n, false
	}
	c.out.deadline.CompareAndSwap(at, c.sweeper.instantIn(idle)) // else it was moved meanwhile, perhaps to the past
	return n, c.resume(&c.out)
}

// write is Write of a WriteMoving.
func (u *underlay) write(c *Conn, p []byte, idle time.Duration) (int, error) {
	u.before.Store(u.taken.Load())
	u.idle.Store(int64(idle))
	defer u.idle.Store(0)
	c.SetWriteDeadlineIn(idle)
	return c.Write(p)
}

// endOfStream returns what io.EOF from the raw connection means.
func (c *Conn) endOfStream() error {
	if u := underlayOf(c.raw); u != nil && u.sawEOF.Load() {
		return io.ErrUnexpectedEOF
	}
	c.sawEOF.Store(true)
	return io.EOF
}
