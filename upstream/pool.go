package upstream

import (
	"bufio"
	"math"
	"net"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"penstock/conn"
)

// pool holds the connections to one backend. fasthttp's HostClient keeps the idle
// ones, newest first; in front of it is a queue of our own, because HostClient can
// neither bound the length of its queue nor tell waiting from dialling.
//
// A slot is the right to use one connection; there are PoolOptions.Max. A tunnel has
// no slot: it is counted by itself, so that tunnels leave every slot to requests. With a
// slot in hand either an idle connection exists or there is room to dial one, so
// HostClient's own limit is never met.
type pool struct {
	options PoolOptions
	dial    func(timeout time.Duration) (*conn.Conn, error)
	now     func() time.Time
	hc      *fasthttp.HostClient
	store   store
	slots   *slots
	tunnels atomic.Int64 // open ones, and requests that may become one
	loose   atomic.Int64 // connections that HostClient does not know
	waits   waits
	closed  atomic.Bool
}

// lease is a connection that was taken from the pool and must be given back.
type lease interface {
	Conn() net.Conn
	CreatedTime() time.Time
	LastUseTime() time.Time // zero for one that never served
}

// store is the part of HostClient that we use, with its unexported connection
// type hidden by lease.
type store struct {
	take    func(dialTimeout time.Duration) (lease, error)
	put     func(lease)
	discard func(lease)
}

func newStore[C lease](take func(time.Duration, bool) (C, error), put, discard func(C)) store {
	return store{
		take:    func(d time.Duration) (lease, error) { return take(d, false) },
		put:     func(l lease) { put(l.(C)) },
		discard: func(l lease) { discard(l.(C)) },
	}
}

// fresh is a lease on a connection outside the pool: it serves one request.
type fresh struct{ conn *conn.Conn }

func (f *fresh) Conn() net.Conn         { return f.conn }
func (f *fresh) CreatedTime() time.Time { return time.Time{} }
func (f *fresh) LastUseTime() time.Time { return time.Time{} }

func newPool(o clientOptions) *pool {
	p := &pool{options: o.Pool, dial: o.Dial, now: o.Now}
	p.slots = newSlots(o.Pool, conn.NewSlowLimit(max(0, o.Pool.Slow), o.OnSlow))
	p.hc = &fasthttp.HostClient{
		MaxConns:            math.MaxInt32, // the slots are the limit
		MaxIdleConnDuration: o.Pool.IdleTimeout,
		ConnPoolStrategy:    fasthttp.LIFO,
		ReadBufferSize:      maxResponseHead,
		DialTimeout: func(_ string, timeout time.Duration) (net.Conn, error) {
			c, err := o.Dial(timeout)
			if err != nil {
				return nil, err // not c: a nil *conn.Conn is no nil net.Conn
			}
			p.waits.add(c)
			return c, nil
		},
	}
	p.store = newStore(p.hc.AcquireConn, p.hc.ReleaseConn, p.hc.CloseConn)
	return p
}

// enterTunnel takes a place for a tunnel, of which there are PoolOptions.Tunnels. False
// means that none is free; nothing waits for one, because tunnels last.
func (p *pool) enterTunnel() bool {
	if p.tunnels.Add(1) <= int64(p.options.Tunnels) {
		return true
	}
	p.tunnels.Add(-1)
	return false
}

func (p *pool) leaveTunnel() { p.tunnels.Add(-1) }

// take returns a connection for the holder of a slot: the newest idle one, else a new
// one. dial bounds the setting up of the latter. Whether an idle one still lives shows
// when it is used, see trip.write; every one that does not uses itself up.
func (p *pool) take(now time.Time, dial time.Duration) (l lease, reused bool, err error) {
	for {
		l, err := p.store.take(dial)
		if err != nil {
			return nil, false, err
		}
		used := l.LastUseTime()
		if used.IsZero() {
			return l, false, nil
		}
		if now.Sub(used) <= p.options.IdleTimeout {
			return l, true, nil
		}
		p.store.discard(l)
	}
}

// takeFresh dials a connection that will never be pooled.
func (p *pool) takeFresh(dial time.Duration) (lease, error) {
	c, err := p.dial(dial)
	if err != nil {
		return nil, err
	}
	p.waits.add(c)
	p.loose.Add(1)
	return &fresh{c}, nil
}

// old reports whether the connection has served long enough (PoolOptions.MaxAge).
// So has a fresh one: it is not kept.
func (p *pool) old(l lease, now time.Time) bool {
	return l.CreatedTime().IsZero() || p.options.MaxAge > 0 && now.Sub(l.CreatedTime()) >= p.options.MaxAge
}

// give takes the connection back. It is kept for the next request if that is
// wanted and there is room, else closed. The slot stays with the caller.
func (p *pool) give(l lease, wanted bool) {
	if f, ok := l.(*fresh); ok {
		_ = f.conn.Close()
		p.loose.Add(-1)
		return
	}
	if !wanted || p.closed.Load() || p.hc.IdleConnsCount() >= p.options.Idle {
		p.store.discard(l)
		return
	}
	_ = l.Conn().SetDeadline(time.Time{}) // lazy: nothing for the sweeper to do while it is idle
	p.store.put(l)
}

// reader returns a pooled reader of 32 KiB for c.
func (p *pool) reader(c net.Conn) *bufio.Reader { return p.hc.AcquireReader(c) }

func (p *pool) giveReader(br *bufio.Reader) {
	br.Reset(nil) // so that a reader in the pool keeps no connection alive
	p.hc.ReleaseReader(br)
}

// stats returns how many connections are open, how many of them are idle, and how
// many requests wait for one.
func (p *pool) stats() (open, idle, waiting int) {
	return p.hc.ConnsCount() + int(p.loose.Load()), p.hc.IdleConnsCount(), int(p.slots.waiting.Load())
}

// close closes the idle connections; those in use follow when they are given back.
func (p *pool) close() {
	p.closed.Store(true)
	p.hc.CloseIdleConnections()
}
