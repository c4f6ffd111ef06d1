package upstream

import (
	"errors"
	"os"
	"time"

	"penstock/conn"
	"penstock/exchange"
	"penstock/headers"
	"penstock/lb"
)

// maxBuffered is the largest response body, in bytes, that is read whole, so that the
// backend's connection is free before a slow client has read it.
const maxBuffered = 32 << 10

// lastWords is how long a response is still awaited on a connection that does not
// take our request any more.
const lastWords = time.Second

// Client makes round trips with one backend. A Cluster makes it, see Member. It is safe for
// concurrent use.
type Client struct {
	backend *lb.Backend
	pool    *pool
	now     func() time.Time
}

// clientOptions says what a Client works with. All fields are required.
type clientOptions struct {
	Backend *lb.Backend                                     // what the balancer knows the backend as
	Dial    func(timeout time.Duration) (*conn.Conn, error) // returns a connection that is ready, TLS included
	Pool    PoolOptions                                     // with its defaults filled in
	OnSlow  func()                                          // see Options; may be nil
	Now     func() time.Time
}

// newClient does no I/O.
func newClient(o clientOptions) *Client {
	return &Client{backend: o.Backend, pool: newPool(o), now: o.Now}
}

// Backend returns what the balancer knows the backend as.
func (c *Client) Backend() *lb.Backend { return c.backend }

// Stats returns how many connections are open, idle ones and tunnels included, how many are
// idle, and how many requests wait for one, without those for which a slow transfer is ended at
// once.
func (c *Client) Stats() (open, idle, waiting int) { return c.pool.stats() }

// CloseIdle closes the connections that no request uses. Those in use may become idle later.
func (c *Client) CloseIdle() { c.pool.hc.CloseIdleConnections() }

// Close closes the idle connections and lets none become idle any more. Round
// trips that run, or still begin, end as usual, and their connections are closed then. It does
// not wait for them and may be called again.
func (c *Client) Close() { c.pool.close() }

// EndWaits ends all round trips that wait for a response head, with a fault for the
// reason exchange.BackendSilent. Those whose request body is still being sent are not among them.
func (c *Client) EndWaits() { c.pool.waits.end(c.now()) }

// RoundTrip discards what resp contains, sends req and fills resp with the response; at, whose
// Start the caller has set, records what happened. None of them may be nil.
// It returns nil as soon as the response's head is known and its body is either at
// hand or ready to flow; the connection is given back when nothing uses it any more, at the
// latest by Response.Discard. On a fault, which is at.Fault too, resp has no body and no tunnel,
// its other fields mean nothing, and the connection is closed. It never repeats a request of
// which the backend can have seen a byte.
func (c *Client) RoundTrip(req *Request, resp *Response, at *exchange.Attempt) *exchange.Fault {
	resp.Discard()
	t := &resp.trip
	*t = trip{client: c, req: req, resp: resp, at: at, now: at.Start, slot: req.Slot}
	if t.now.IsZero() {
		t.now = c.now()
	}
	f := t.send()
	if f == nil {
		f = t.receive()
	}
	if f != nil {
		t.giveUp()
		at.Took = c.now().Sub(at.Start)
		at.Fault = f
	}
	return f
}

// trip is one round trip under way. It lives inside its Response.
type trip struct {
	client   *Client
	req      *Request
	resp     *Response
	at       *exchange.Attempt
	lease    lease      // nil when no connection is held
	slot     bool       // holds a slot of the pool
	tunnel   bool       // holds a place for a tunnel
	pace     *conn.Pace // counts for the pool's slow transfers while the slot is held; nil when it does not
	last     bool       // the connection is too old to be kept
	keep     bool       // the response lets the connection be kept
	begun    bool       // a response, at least an interim one, has begun
	asked    bool       // the request was sent by Ask, which has waited for the response
	now      time.Time
	src      source
	up       *upload         // nil when the body is not streamed
	writeErr error           // why the head, or a body at hand, could not be written
	late     exchange.Reason // what a passed read deadline means before the head
}

// send takes a connection and writes the request. An error of writing is kept for
// later: the backend may have responded all the same.
func (t *trip) send() *exchange.Fault {
	pool := t.client.pool
	if t.req.Upgrade != nil {
		if t.tunnel = pool.enterTunnel(); !t.tunnel {
			return exchange.Refuse(exchange.TunnelsFull) // before the backend has worked for it
		}
	}
	if f := t.enter(); f != nil {
		return f
	}
	for {
		if f := t.connect(); f != nil {
			return f
		}
		if t.req.Client.Left() {
			pool.give(t.lease, true) // nothing was sent on it
			t.lease = nil
			return exchange.Refuse(exchange.ClientGone)
		}
		t.resp.out = t.req.appendTo(t.resp.out[:0], t.last)
		n, err := t.write()
		t.at.Wrote = n > 0
		if err == nil {
			break
		}
		if n > 0 || !t.at.Reused || errors.Is(err, os.ErrDeadlineExceeded) {
			t.writeErr = err
			return nil
		}
		pool.give(t.lease, false) // closed while it was idle, and not a byte was taken
		t.lease = nil
	}
	switch body := &t.req.Body; {
	case body.streamed():
		t.holdSlow(body.Pace)
		t.up = startUpload(t)
		t.src.up = t.up
	case len(body.Bytes) > 0:
		t.at.Sent = int64(len(body.Bytes))
		if !t.asked {
			t.now = t.client.now()
		}
	}
	return nil
}

// enter waits for a slot, unless the caller has taken one.
func (t *trip) enter() *exchange.Fault {
	if t.slot {
		return nil
	}
	waited, f := t.client.pool.slots.enter(t.now, t.req.Times.Deadline, t.req.Client, t.req.From)
	if waited {
		now := t.client.now()
		t.at.Queue, t.now = now.Sub(t.now), now
	}
	t.slot = f == nil
	return f
}

// write sends resp.out. A reused connection is looked at first, and when the whole
// message is in hand, as it nearly always is, the same call waits for the response.
func (t *trip) write() (n int, err error) {
	c, idle := t.src.conn, t.req.Times.BodyIdle
	t.asked = false
	switch {
	case !t.at.Reused:
	case t.req.Body.streamed():
		if !c.Alive() {
			return 0, conn.ErrStale
		}
	default:
		t.await()
		c.SetWriteDeadlineIn(idle)
		n, err = c.Ask(t.resp.out)
		if t.asked = err == nil; t.asked || n == 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
	}
	m, err := c.WriteMoving(t.resp.out[n:], idle)
	return n + m, err
}

// connect takes a connection for the slot that t holds.
func (t *trip) connect() *exchange.Fault {
	pool, limit, clipped := t.client.pool, t.req.Times.Connect, false
	if limit <= 0 {
		limit = fallbackConnect
	}
	if d := t.req.Times.Deadline; !d.IsZero() {
		left := d.Sub(t.now)
		if left <= 0 {
			return exchange.Refuse(exchange.OutOfTime)
		}
		if left < limit {
			limit, clipped = left, true
		}
	}
	var l lease
	var reused bool
	var err error
	if t.req.Fresh {
		l, err = pool.takeFresh(limit)
	} else {
		l, reused, err = pool.take(t.now, limit)
	}
	if !reused {
		now := t.client.now()
		t.at.Connect, t.now = now.Sub(t.now), now
	}
	if err != nil {
		return connectFault(err, clipped)
	}
	t.lease, t.at.Reused, t.last = l, reused, pool.old(l, t.now)
	t.src = source{conn: l.Conn().(*conn.Conn)}
	return nil
}

// receive reads heads until the final one and then takes care of the body.
func (t *trip) receive() *exchange.Fault {
	t.src.br = t.client.pool.reader(t.src.conn)
	if !t.asked {
		t.await()
	}
	for interim := 0; ; interim++ {
		if f := t.readHead(); f != nil {
			return f
		}
		status := t.resp.Status
		if status == 101 {
			return t.switchProtocol()
		}
		if status >= 200 {
			break
		}
		if interim == maxInterim {
			return t.fault(exchange.HTTPProtocolError, exchange.NoReason, errInterim)
		}
		if status != 100 && t.req.Interim != nil {
			t.req.Interim(status, &t.resp.Head)
		}
	}
	t.leaveTunnel() // the backend stays with HTTP
	t.arrived()
	r := t.resp
	t.keep = !t.last && r.Framing.Kind != headers.UntilClose && persistent(r)
	t.src.idle = t.req.Times.BodyIdle
	switch {
	case r.Framing.Kind == headers.NoBody:
	case r.Framing.Kind == headers.Sized && r.Framing.Length <= maxBuffered:
		if f := t.readWhole(int(r.Framing.Length)); f != nil {
			return f
		}
	case !r.stream.open(t):
		return nil // the stream settles
	}
	t.settle()
	return nil
}

// await arms the wait for the response head. While an upload runs the wait has no
// end of its own: the upload arms it when the last byte is sent.
func (t *trip) await() {
	switch {
	case t.writeErr != nil:
		t.src.conn.SetReadDeadlineIn(lastWords)
	case t.up == nil && t.src.conn.Phase().Load() != abandoned:
		by, late := t.req.Times.headBy(t.now, 0)
		t.late = late
		_ = t.src.conn.SetReadDeadline(by)
		t.client.pool.waits.begin(t.src.conn, t.at.Start)
		t.req.Client.Interrupt(t.src.conn)
	}
}

// headBy returns when the head must be there for a request sent at the time sent,
// which took its upload moved, and what it means when it is not. Zero: no limit.
func (t *Times) headBy(sent time.Time, moved time.Duration) (by time.Time, late exchange.Reason) {
	if t.FirstByte > 0 {
		by, late = sent.Add(t.FirstByte), exchange.FirstByteTimeout
	}
	if t.Deadline.IsZero() {
		return by, late
	}
	if end := t.Deadline.Add(moved); by.IsZero() || end.Before(by) {
		return end, exchange.OutOfTime
	}
	return by, late
}

// arrived notes that the final head has been read.
func (t *trip) arrived() {
	t.up.headArrived()
	t.client.pool.waits.over(t.src.conn)
	t.req.Client.Release()
	t.now = t.client.now()
	t.at.Status, t.at.FirstByte = t.resp.Status, t.now.Sub(t.at.Start)
}

// persistent reports whether the backend keeps its connection (RFC 9112 §9.3).
func persistent(r *Response) bool {
	if r.HTTP11 {
		return !r.Head.ConnectionHas("close")
	}
	return r.Head.ConnectionHas("keep-alive") && !r.Head.ConnectionHas("close")
}
