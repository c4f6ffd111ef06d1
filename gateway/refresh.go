package gateway

import (
	"bytes"

	"penstock/cache/rfc9111"
	"penstock/exchange"
)

// refresh revalidates what has just been served stale, behind the client's back and
// at most once at a time (RFC 5861 §3). The origin sees the fields of the request
// that found it stale.
func (g *proxy) refresh(j *journey) {
	lead := g.flights.Lead(j.cache.key)
	if lead == nil {
		return
	}
	b := g.journeys.Get().(*journey)
	b.x, b.snap, b.route = exchange.Acquire(g.now()), j.snap.join(), j.route
	if !b.copyRequest(j) {
		lead.Abandon()
		g.discard(b)
		return
	}
	g.fetches.Go(func() {
		defer g.discard(b)
		defer g.surviveAlone(b)
		b.cache.lead = lead
		g.refetch(b)
		b.route.metrics.ObserveTries(b.x)
		if b.cache.judged {
			b.route.metrics.Judged(b.cache.refused())
		}
	})
}

// refetch is the journey of a request that no client waits for.
func (g *proxy) refetch(b *journey) {
	c := &b.cache
	g.readRequest(b)
	if g.find(b); c.decision.Use == rfc9111.Fresh {
		c.endLead(errLookAgain) // another one was quicker
		return
	}
	c.role = roleRefresh
	c.validates = c.found && c.meta.Flags.Has(rfc9111.Validatable)
	f := g.forward(b)
	switch {
	case f != nil:
		c.endLead(f)
	case rfc9111.IsServerError(b.out.resp.Status):
		c.endLead(errServerError)
	case b.out.resp.Status == statusNotModified && c.validates:
		g.confirm(b)
	default:
		g.judge(b)
	}
	if c.handing {
		g.handOver(b).run()
	}
}

// discard gives back a journey without a client.
func (g *proxy) discard(b *journey) {
	x, snap := b.x, b.snap
	b.reset()
	snap.leave()
	x.Release()
	g.journeys.Put(b)
}

// copyRequest makes b a journey of its own for the request of j, as a GET of the whole: nothing
// in it points into j or the client's connection. It is false when the fields cannot be read
// again.
func (b *journey) copyRequest(j *journey) bool {
	if !b.request.Copy(&j.request) {
		return false
	}
	b.x.Client, b.x.Peer, b.x.Trusted, b.x.Route = j.x.Client, j.x.Peer, j.x.Trusted, j.x.Route
	b.x.SetID(j.x.ID())
	b.x.Identify(j.x.Identity().Source, j.x.Identity().Name())
	for _, p := range j.x.Params {
		b.x.AddParam(p.Name, bytes.Clone(p.Value))
	}
	return true
}
