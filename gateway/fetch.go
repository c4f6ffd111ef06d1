package gateway

import (
	"io"
	"math"
	"runtime/debug"

	"penstock/cache"
	"penstock/exchange"
	"penstock/headers"
	"penstock/health"
	"penstock/metrics"
)

// fetch brings the rest of an answer into the store and to those who follow it. It
// has left the journey that asked for it: whether that one's client is slow, or
// leaves, is nothing to it. It ends with the body, or with the origin's failure.
type fetch struct {
	g       *proxy
	out     *outbound
	lead    *cache.Leader
	writer  *cache.Writer // nil when nothing is stored
	snap    *Snapshot
	backend *health.Endpoint
	metrics *metrics.Route
	key     cache.Key
	most    int64            // bytes of the largest body that is stored
	record  exchange.Attempt // what the journey's own record cannot be told any more
}

// storeStream begins to store an answer whose body still comes. Without followers
// and without a place in the store, and for a client that cannot be sent a body of
// unknown length, the answer stays the journey's own, and storeStream is false.
func (g *proxy) storeStream(j *journey) bool {
	c, r := &j.cache, &j.out.resp
	size := int64(-1)
	if r.Framing.Kind == headers.Sized {
		size = r.Framing.Length
	}
	if c.lead == nil {
		c.lead = g.flights.Lead(c.key)
	}
	if c.lead == nil || size < 0 && !j.request.Version.Streams() && c.role != roleRefresh {
		g.decline(j, false)
		return false
	}
	fill := j.newFill(size)
	w := cache.AcquireWriter()
	c.noteStored(g.store.Begin(w, c.key, &fill))
	if c.lost != cache.Stored {
		cache.ReleaseWriter(w)
		if w = nil; c.lead.Followers() == 0 {
			g.decline(j, c.lost == cache.TooLarge)
			return false
		}
	}
	c.handing, c.writer, c.size = true, w, size
	return true
}

// followOwn answers the client whose journey leads a fetch: like the others.
func (g *proxy) followOwn(j *journey) {
	c := &j.cache
	f := g.handOver(j)
	c.follow = f.lead.Follow()
	c.body.openFollow(j, c.follow, c.size)
	g.fetches.Go(f.run)
	j.response.SetStream(&c.body, c.size)
}

// handOver lets the answer's body go on in a fetch of its own, which this journey
// follows if it has a client. The head of the answer has been used.
func (g *proxy) handOver(j *journey) *fetch {
	c := &j.cache
	f := &fetch{g: g, out: j.out, lead: c.lead, writer: c.writer, snap: j.snap, backend: j.out.backend, metrics: j.route.metrics, key: c.key.Clone(), most: c.rule.maxObject}
	c.announce(c.size, c.writer)
	f.record = *j.out.attempt
	f.out.resp.Record(&f.record)
	body := f.out.resp.Body
	body.Idle, body.OnClose = j.route.times.BodyIdle, f.ended
	c.lead, c.writer, c.handing = nil, nil, false
	j.out = g.outbounds.Get().(*outbound)
	f.snap.join()
	return f
}

// run reads the body to its end.
func (f *fetch) run() {
	defer f.survive()
	buf := f.g.pieces.Get().(*[followPiece]byte)
	defer f.g.pieces.Put(buf)
	body, read := f.out.resp.Body, int64(0)
	for {
		n, err := body.Read(buf[:])
		if read += int64(n); read > f.most {
			f.tooLarge()
		}
		switch {
		case n > 0:
			f.lead.Write(buf[:n])
		case err == io.EOF:
			if f.lead.Finish() == cache.Stored {
				f.metrics.Filled(f.g.now().Sub(f.record.Start))
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

// tooLarge ends the storing of a body that did not say how long it would be. Those
// who follow it get the rest; others need not wait for such an answer again.
func (f *fetch) tooLarge() {
	f.lead.Unstore()
	f.g.store.Pass(f.key, passTime)
	f.most = math.MaxInt64
}

// survive ends the fetch, also when it panicked: nobody who follows it waits for ever.
func (f *fetch) survive() {
	if cause := recover(); cause != nil {
		f.g.log.Error("panic in a fetch", "panic", cause, "stack", string(debug.Stack()))
	}
	f.lead.Abandon()
	if f.writer != nil {
		cache.ReleaseWriter(f.writer)
	}
	f.out.reset()
	f.g.outbounds.Put(f.out)
	f.snap.leave()
}

// ended reports the end of the body to the health of the backend.
func (f *fetch) ended(_ bool, fault *exchange.Fault, _ int64) {
	now := f.g.now()
	f.backend.EndRest(fault, now.Sub(f.record.Start), now)
}
