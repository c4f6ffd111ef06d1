package gateway

import (
	"log/slog"
	"time"

	"penstock/conn"
	"penstock/downstream"
	"penstock/exchange"
	"penstock/httpcache"
	"penstock/policy"
	"penstock/tunnel"
)

// Serve implements downstream.Handler: it runs the journey of one request.
func (g *proxy) Serve(s downstream.Stream, start time.Time) downstream.Job {
	j := g.begin(s, start)
	g.serve(j)
	return j
}

// Refuse implements downstream.Handler: it sends the fault response to a request whose head
// could not be read.
func (g *proxy) Refuse(s downstream.Stream, why exchange.Reason, start time.Time) downstream.Job {
	j := g.begin(s, start)
	defer g.survive(j)
	g.fail(j, exchange.Refuse(why))
	return j
}

// serve is the journey of one request. The client's protocol calls it on the goroutine that
// serves the client, and ends the request after the response was written, see finish.
func (g *proxy) serve(j *journey) {
	defer g.survive(j)

	if f := g.admit(j); f != nil {
		g.fail(j, f)
		return
	}
	if g.guard(j, j.snap.entry, (*policy.Plan).OnRequest) {
		return
	}
	if f := g.match(j); f != nil {
		g.fail(j, f)
		return
	}
	if g.guard(j, j.route.plan, (*policy.Plan).OnRequest) {
		return
	}
	switch outcome, f := g.lookup(j); outcome {
	case httpcache.Serve:
		g.send(j)
		return
	case httpcache.Refuse:
		g.fail(j, f)
		return
	}
	if g.guard(j, j.route.plan, (*policy.Plan).OnForward) {
		return
	}
	if f := g.receive(j); f != nil {
		g.fail(j, f)
		return
	}
	f := g.wait(j)
	if f == nil {
		f = g.forward(j)
	}
	switch outcome, f := g.store(j, f); outcome {
	case httpcache.Serve:
		g.send(j)
		return
	case httpcache.Refuse:
		g.fail(j, f)
		return
	}
	if j.out.resp.Status == statusSwitchingProtocols {
		g.upgrade(j)
		return
	}
	g.respond(j)
}

// newProxy returns a proxy without a snapshot.
func newProxy(instance string, o *Options) *proxy {
	p := &proxy{
		instance: instance, log: o.Log, now: o.Now, clock: o.Clock, access: o.Access,
		unmatched: o.Metrics.Route(""), tunnels: tunnel.NewRegistry(),
		stopping: make(chan struct{}), slow: conn.NewSlowLimit(1, o.Metrics.SlowEnded),
		rooms: newRoomKeeper(),
	}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	if p.now == nil {
		p.now = time.Now
	}
	p.started = p.now()
	p.journeys.New = p.newJourney
	p.outbounds.New = func() any { return new(outbound) }
	return p
}

// begin opens the record of a request that was read at now; finish closes it.
func (g *proxy) begin(s downstream.Stream, now time.Time) *journey {
	j := g.journeys.Get().(*journey)
	j.stream, j.x = s, exchange.Acquire(now)
	j.snap = g.joinNewest()
	j.meet()
	return j
}

// newJourney is what the pool calls.
func (g *proxy) newJourney() any {
	j := &journey{g: g, out: g.outbounds.Get().(*outbound)}
	j.proxied.j = j
	j.response.Reset(maxKeptBuffer)
	j.turn.bound.arriving, j.turn.bound.waiting = j.turn.arrive, j.turn.admit
	j.bound = bound{j.onBodyClose, j.passInterim, j.body.Abort, j.body.trailers, j.cache.Followed}
	return j
}
