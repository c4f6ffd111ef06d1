package upstream

import (
	"time"

	"penstock/conn"
	"penstock/exchange"
	"penstock/headers"
)

// settle ends a round trip whose response has been read to its end. The connection
// is kept only when the request was sent to its end too and not a byte is left over.
func (t *trip) settle() {
	if t.lease == nil {
		return
	}
	sent := t.up.stop() && t.writeErr == nil
	t.resp.UploadCut = !sent && t.req.Body.streamed()
	t.giveBack(sent, sent && t.keep && t.src.br.Buffered() == 0)
}

// giveUp ends a round trip that cannot be completed: the upload is stopped, the
// connection closed. It does nothing when there is nothing left to end.
func (t *trip) giveUp() {
	if t.req != nil {
		t.req.Client.Release()
	}
	if t.lease != nil {
		t.giveBack(t.up.stop() && t.writeErr == nil, false)
	}
	if t.slot {
		t.slot = false
		t.client.pool.slots.leave()
	}
	t.leaveTunnel()
}

// holdSlow has the client's part of the trip count for the pool's slow transfers until the slot
// is given back. Later calls do nothing.
func (t *trip) holdSlow(p *conn.Pace) {
	if t.pace == nil && t.slot {
		t.pace = p
		p.HoldFor(t.client.pool.slots.slow, t.req.From)
	}
}

// leaveTunnel gives back the place for a tunnel, if there is one.
func (t *trip) leaveTunnel() {
	if t.tunnel {
		t.tunnel = false
		t.client.pool.leaveTunnel()
	}
}

// giveBack ends the use of the connection and of its slot. An upload beside must
// have been stopped. sent says that the backend was given the whole request.
func (t *trip) giveBack(sent, keep bool) {
	if t.up != nil {
		t.at.Sent = t.up.sent
	}
	if !sent {
		t.src.conn.Abort() // no waiting for a backend that does not read, and no doubt that the request was cut
	}
	t.src.client.Release()
	t.pace.Release(t.client.pool.slots.slow)
	t.pace = nil
	pool, l := t.client.pool, t.lease
	if t.src.br != nil {
		pool.giveReader(t.src.br)
	}
	t.lease, t.src, t.slot = nil, source{}, false
	pool.give(l, keep)
	pool.slots.leave()
	t.at.Took = t.client.now().Sub(t.at.Start)
}

// switchProtocol judges a 101. With a right one the connection leaves the pool and
// belongs to resp.Tunnel. Its slot is free at once; its place among the tunnels when
// that is closed.
func (t *trip) switchProtocol() *exchange.Fault {
	r := t.resp
	if t.req.Upgrade == nil || !r.HTTP11 || t.up.running() || t.writeErr != nil || !r.agreesTo(t.req.Upgrade) {
		return t.fault(exchange.HTTPUpgradeFailed, exchange.UpgradeUnasked, nil)
	}
	t.arrived()
	ahead, _ := t.src.br.Peek(t.src.br.Buffered())
	r.small = append(r.small[:0], ahead...)
	r.Ahead = r.small
	pool, l, c := t.client.pool, t.lease, t.src.conn
	pool.giveReader(t.src.br)
	t.lease, t.src, t.slot, t.tunnel = nil, source{}, false, false
	pool.slots.leave()
	_ = c.SetDeadline(time.Time{}) // lazy: never fails
	r.Tunnel = c
	c.OnClose(func() {
		pool.give(l, false)
		pool.leaveTunnel()
	})
	return nil
}

// agreesTo reports whether a 101 switches to the protocol that was asked for.
func (r *Response) agreesTo(protocol []byte) bool {
	value := r.Head.Get(headers.Upgrade)
	return r.Head.Count(headers.Upgrade) == 1 && r.Head.ConnectionHas("upgrade") &&
		len(value) == len(protocol) && headers.HasToken(value, string(protocol))
}
