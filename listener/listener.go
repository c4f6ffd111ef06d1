package listener

import (
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"penstock/conn"
)

// Back-off while the system lacks descriptors or memory to accept.
const (
	backoffMin = 5 * time.Millisecond
	backoffMax = time.Second
)

// Options are what a Listener is made from.
type Options struct {
	Listener net.Listener  // where connections come from; required; the Listener closes it
	Sweeper  *conn.Sweeper // registers the connections and enforces their deadlines; required
	Max      *Limit        // may be shared by several listeners; nil means no limit
	Rate     *Rate         // may be shared by several listeners; nil means no bound
	Log      *slog.Logger  // nil means slog.Default

	// Welcome is called with each connection below Max before anything is read from it. The text
	// that it returns, a whole response, is written once a request head has come, or has not come
	// in time, before the connection is closed; nil takes the connection, and a nil Welcome takes
	// them all. It runs in the accept loop, so it must not block. While many are being refused,
	// further ones are closed without the text.
	Welcome func(c *conn.Conn) (refusal []byte)
}

// Listener is a net.Listener whose connections are *conn.Conn. It is made by New.
type Listener struct {
	net.Listener
	sweeper  *conn.Sweeper
	max      *Limit
	rate     *Rate
	after    time.Duration // how long the next Accept waits because of rate
	log      *slog.Logger
	welcome  func(*conn.Conn) []byte
	refused  atomic.Int64
	refusals chan struct{} // one element for each refusal that is being written
	closed   chan struct{}
	once     sync.Once
}

// New returns a Listener over o.Listener. It accepts nothing yet, checks nothing and never fails.
func New(o Options) *Listener {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Listener{
		Listener: o.Listener,
		sweeper:  o.Sweeper,
		max:      o.Max,
		rate:     o.Rate,
		log:      o.Log,
		welcome:  o.Welcome,
		refusals: make(chan struct{}, maxRefusals),
		closed:   make(chan struct{}),
	}
}

// Accept returns the next connection, a *conn.Conn. When the system is out of
// descriptors or memory it waits and accepts again, so that a peak does not end the
// server; a connection that is above the limit or that Welcome refuses is not returned, and the
// next one waited for. An error that it returns is final; after Close it wraps net.ErrClosed. It
// is called by one goroutine. The caller closes the connections.
func (l *Listener) Accept() (net.Conn, error) {
	var wait time.Duration
	for {
		if l.after > 0 {
			l.sleep(l.after) // once the listener is closed, what is in its queue is accepted at once
		}
		raw, err := l.Listener.Accept()
		if err != nil {
			if !passing(err) {
				return nil, err
			}
			wait = min(max(2*wait, backoffMin), backoffMax)
			if !l.pause(wait, err) {
				return nil, net.ErrClosed
			}
			continue
		}
		if wait > 0 {
			l.log.Info("accepting connections again", "listener", l.Addr().String())
			wait = 0
		}
		l.after = l.rate.next()
		if !l.max.begin() {
			l.refused.Add(1)
			l.refuse(conn.New(raw, l.sweeper), full)
			continue
		}
		c := conn.New(raw, l.sweeper)
		c.OnClose(l.max.end)
		if l.welcome != nil {
			if refusal := l.welcome(c); refusal != nil {
				l.refuse(c, refusal)
				continue
			}
		}
		return c, nil
	}
}

// Close stops accepting. Connections stay open, and on Linux those of a TCP listener that wait to
// be accepted are taken first, as long as Accept is being called: Close waits for that, at most a
// second. It returns the error of closing Options.Listener; a second Close usually has one.
func (l *Listener) Close() error {
	l.once.Do(func() {
		quiesce(l.Listener)
		close(l.closed)
	})
	return l.Listener.Close()
}

// Refused returns how many connections were refused above Max, with a 503 or, while many are being
// refused, without; those that Welcome refused do not count.
func (l *Listener) Refused() int64 { return l.refused.Load() }

// pause waits before Accept is called again; false means that the listener was closed. It
// logs a warning at most once a second.
func (l *Listener) pause(wait time.Duration, err error) bool {
	if wait == backoffMin || wait == backoffMax {
		l.log.Warn("cannot accept connections", "listener", l.Addr().String(), "err", err, "retry_in", wait)
	}
	return l.sleep(wait)
}

// sleep waits; false means that the listener was closed.
func (l *Listener) sleep(wait time.Duration) bool {
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-l.closed:
		return false
	}
}

// passing reports whether Accept may succeed later: the system lacks a resource, or a
// connection was lost before it was accepted.
func passing(err error) bool {
	for _, e := range []error{
		syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM,
		syscall.ECONNABORTED, syscall.ECONNRESET, syscall.EPROTO, syscall.EPERM,
		syscall.ENETDOWN, syscall.ENETUNREACH, syscall.EHOSTUNREACH,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
