package httpcache

import (
	"io"
	"math"
	"runtime/debug"
	"time"

	"penstock/cache"
	"penstock/exchange"
	"penstock/headers"
	"penstock/response"
)

// fetch is a detached fill: it brings the rest of a response into the store and to those who
// follow it. It has left the request that asked for it, whose client may be slow or leave. It
// ends with the body, or with the origin's failure.
type fetch struct {
	engine *Engine
	body   Body
	lead   *cache.Leader
	writer *cache.Writer // nil when nothing is stored
	key    cache.Key
	most   int64  // bytes of the largest body that is stored
	name   []byte // the portable form of key; nil without a shared tier
	began  time.Time
	rule   *Rule
}

// beginFill begins to store a response whose body still comes. Without followers and without a
// place in the store, and for a client that cannot be sent a body of unknown length, the
// response stays the request's own, and beginFill is false.
func (e *Engine) beginFill(t *Transaction) bool {
	size := int64(-1)
	if t.received.Framing.Kind == headers.Sized {
		size = t.received.Framing.Length
	}
	if t.fill.lead == nil {
		t.fill.lead = e.flights.Lead(t.keys.key)
	}
	if t.fill.lead == nil || size < 0 && !t.req.Streams && t.role != roleRefresh {
		e.decline(t, false)
		return false
	}
	f := t.newFill(size)
	w := cache.AcquireWriter()
	noteStored(t, e.store.Begin(w, t.keys.key, &f))
	if t.fill.lost != cache.Stored {
		cache.ReleaseWriter(w)
		if w = nil; t.fill.lead.Followers() == 0 {
			e.decline(t, t.fill.lost == cache.TooLarge)
			return false
		}
	}
	t.fill.writer, t.fill.size = w, size
	t.move(settled, detaching)
	return true
}

// StreamFill takes the body of a response that is being stored away from the request, which
// then follows the fill like everybody else, and makes that the body of r. The fill goes on in a
// goroutine of its own. It is false, and does nothing, when Detaches is: then the body is the
// request's own.
func (t *Transaction) StreamFill(r *response.Response) bool {
	if t.phase != detaching {
		return false
	}
	f := t.engine.detach(t)
	t.follow = f.lead.Follow()
	t.followBody(t.fill.size)
	t.engine.background(f.run)
	r.SetStream(&t.body, t.fill.size)
	return true
}

// detach moves the response's body into a fetch. The fields of the response have been used.
func (e *Engine) detach(t *Transaction) *fetch {
	t.move(detaching, settled)
	t.announce(t.fill.size, t.fill.writer)
	f := &fetch{
		engine: e, body: t.req.Origin.Detach(), lead: t.fill.lead, writer: t.fill.writer,
		key: t.keys.key.Clone(), most: t.rule.MaxObject, began: t.received.Began, rule: t.rule,
	}
	if e.shared != nil {
		f.name = t.keys.appendName(nil, t.keys.key, &t.asked)
	}
	t.fill.lead, t.fill.writer = nil, nil
	return f
}

// run reads the body to its end.
func (f *fetch) run() {
	defer f.end()
	buf := f.engine.buffers.Get().(*[transferSize]byte)
	defer f.engine.buffers.Put(buf)
	read := int64(0)
	for {
		n, err := f.body.Read(buf[:])
		if read += int64(n); read > f.most {
			f.tooLarge()
		}
		switch {
		case n > 0:
			f.lead.Write(buf[:n])
		case err == io.EOF:
			if f.lead.Finish() == cache.Stored {
				f.rule.Counters.Filled(f.began)
				f.engine.shared.put(f.key, f.name, f.rule.Tags)
			}
			return
		case err != nil:
			f.lead.Fail(err)
			return
		}
		if !f.lead.Wanted() {
			f.lead.Fail(exchange.Refuse(exchange.ClientGone))
			return
		}
	}
}

// tooLarge ends the storing of a body that did not state its length. Those who follow it get
// the rest; others need not wait for such a response again.
func (f *fetch) tooLarge() {
	f.lead.Unstore()
	f.engine.store.Pass(f.key, passTime)
	f.most = math.MaxInt64
}

// end ends the fetch, also after a panic, so that no follower keeps waiting.
func (f *fetch) end() {
	if cause := recover(); cause != nil {
		f.engine.log.Error("panic in a fetch", "panic", cause, "stack", string(debug.Stack()))
	}
	f.lead.Abandon()
	if f.writer != nil {
		cache.ReleaseWriter(f.writer)
	}
	f.body.Close()
}
