package conn

import (
	"crypto/tls"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
)

// Conn is a net.Conn whose deadlines are enforced by a Sweeper. It is made by New. It is safe
// for one reader and one writer at a time, with deadlines, counters, Close and Abort usable
// from any goroutine.
type Conn struct {
	in, out side // first, so that a sweep touches one cache line of each connection

	raw     net.Conn
	socket  net.Conn        // the TCP or unix connection at the bottom of raw; nil when there is none
	sys     syscall.RawConn // of socket; nil when there is none
	secure  bool            // raw is a *tls.Conn
	sweeper *Sweeper
	index   int    // place in the sweeper's list, guarded by its mutex; -1 when absent
	probe   *probe // made by the first Alive
	calls   socketCalls

	sends    probation // the writer's
	receives probation // the reader's

	sawEOF  atomic.Bool
	closing atomic.Bool // Close or Abort was called
	ending  ending
	phase   atomic.Uint32 // the owner's note
	watcher atomic.Pointer[Departure]
	pace    Pace
}

// ending is what Close has to know.
type ending struct {
	mu         sync.Mutex
	closed     bool
	callbacks  []func()
	lingerMax  int64
	lingerTime int64 // nanoseconds
}

// New wraps raw and registers it with s, which enforces its deadlines and must have
// been started for that; neither may be nil. The connection owns raw: nobody else may set
// deadlines on it or close it. raw may be a *net.TCPConn, *net.UnixConn or *tls.Conn; any other
// net.Conn works without Alive, Await and Splice's short cut. New never fails; when s has been
// shut down, the connection that it returns is closed already.
func New(raw net.Conn, s *Sweeper) *Conn {
	c := &Conn{raw: raw, sweeper: s, index: -1}
	_, c.secure = raw.(*tls.Conn)
	c.pace.conn = c
	c.socket = socketOf(raw)
	if sc, ok := c.socket.(syscall.Conn); ok {
		c.sys, _ = sc.SyscallConn() // an error leaves the slow paths, which need no descriptor
	}
	if c.socket == raw {
		c.calls.bind(raw, c.sys)
	} else {
		c.calls.bind(raw, nil)
	}
	if u := underlayOf(raw); u != nil {
		u.owner.Store(c)
	}
	if !s.add(c) {
		_ = c.end(false)
	}
	return c
}

// socketOf returns the operating system's connection below raw, nil when there is none.
func socketOf(raw net.Conn) net.Conn {
	for {
		switch r := raw.(type) {
		case *net.TCPConn, *net.UnixConn:
			return r
		case interface{ NetConn() net.Conn }:
			raw = r.NetConn()
		default:
			return nil
		}
	}
}

// NetConn returns the wrapped connection, which c still owns: the caller must not read, write,
// close it or set deadlines on it.
func (c *Conn) NetConn() net.Conn { return c.raw }

// LocalAddr returns the address of our end.
func (c *Conn) LocalAddr() net.Addr { return c.raw.LocalAddr() }

// RemoteAddr returns the address of the peer.
func (c *Conn) RemoteAddr() net.Addr { return c.raw.RemoteAddr() }

// BytesRead returns how many bytes were read, by Splice too; payload only under TLS. Bytes that
// Close discards do not count.
func (c *Conn) BytesRead() int64 { return c.in.bytes.Load() }

// BytesWritten returns how many bytes the system took from Write, Ask and Splice, payload only
// under TLS. The peer may not have received them yet.
func (c *Conn) BytesWritten() int64 { return c.out.bytes.Load() }

// Reads returns how many reads, of Splice too, reached the socket, with one that waits now; one
// that a past deadline stopped before does not count, and neither do Await and Ask.
func (c *Conn) Reads() uint32 { return c.in.count() }

// SawEOF reports whether the peer's end of stream was read: FIN, or close_notify
// under TLS. It is false as long as that end only waits to be read. A TLS stream cut without
// close_notify is an error, not an end, if its transport is an Underlay.
func (c *Conn) SawEOF() bool { return c.sawEOF.Load() }

// Read reads into p. Past the read deadline it returns os.ErrDeadlineExceeded
// without touching the socket; bytes that wait there stay. It returns io.EOF once the peer has
// ended its direction (io.ErrUnexpectedEOF for a TLS stream that is cut, see Underlay),
// ErrTooSlow or ErrSlowest once the sweeper has ended the transfer for that, an error that
// wraps net.ErrClosed after Close or Abort, and else the socket's error.
func (c *Conn) Read(p []byte) (int, error) {
	if !c.begin(&c.in) {
		return 0, c.pace.failed(os.ErrDeadlineExceeded)
	}
	n, err := c.calls.read(p)
	for n == 0 && timedOut(err) && c.resume(&c.in) {
		n, err = c.calls.read(p)
	}
	c.in.leave(n)
	if err == nil {
		return n, nil
	}
	if err == io.EOF {
		return n, c.endOfStream()
	}
	return n, c.pace.failed(err)
}

// Write writes all of p or returns an error with the number of bytes written before. The error
// is os.ErrDeadlineExceeded past the write deadline, ErrTooSlow or ErrSlowest once the sweeper
// has ended the transfer for that, and else the socket's, which wraps net.ErrClosed after Close
// or Abort. Under TLS a write that the deadline ended while it waited was the last one: later
// ones fail too.
//
// On a plain socket under Linux a write that the deadline ends before it has moved a byte sends
// once more without waiting: the poller wakes it only when a third of the send buffer is free,
// and a peer that took less has taken something all the same.
func (c *Conn) Write(p []byte) (int, error) {
	if !c.begin(&c.out) {
		return 0, c.pace.failed(os.ErrDeadlineExceeded)
	}
	n, err := c.calls.write(p)
	for timedOut(err) && !c.secure && c.resume(&c.out) { // crypto/tls cannot go on after half a record
		var more int
		more, err = c.calls.write(p[n:])
		n += more
	}
	if n == 0 && c.out.outOfTime(err) && c.calls.plain() {
		n, err = c.calls.writeNow(p, err)
	}
	c.out.leave(n)
	return n, c.pace.failed(err)
}
