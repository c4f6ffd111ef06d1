package gateway

import (
	"penstock/downstream"
	"penstock/exchange"
	"penstock/headers"
)

// admit decides whether the request may enter at all. It takes one strict look at the head,
// everything after it believes only what was found here, and then one of limits.requests.
// Nothing is forwarded when it returns a fault.
func (g *proxy) admit(j *journey) *exchange.Fault {
	head, limits := j.stream.Head(), downstream.Limits{Fields: j.snap.maxFields, Target: j.snap.maxURI}
	if why := j.request.Read(head, limits); why != exchange.NoReason {
		return exchange.Refuse(why)
	}
	j.stream.Frame(j.request.Framing)
	if !j.request.Served() {
		return exchange.Refuse(exchange.MethodRefused)
	}
	if !g.enter(j) {
		return exchange.Refuse(exchange.Overloaded)
	}
	if why := j.request.ReadTarget(head, limits, j.snap.table); why != exchange.NoReason {
		return exchange.Refuse(why)
	}
	j.recognise()
	if !g.enterClient(j) {
		return exchange.Refuse(exchange.TooManyConnections)
	}
	if headers.PassedThrough(&j.request.Head, g.name) {
		return exchange.Refuse(exchange.Loop)
	}
	return nil
}

// enter takes one of limits.requests; false means that none is left. What was
// refused here counts for nothing: clients that are slow to take their 503 would
// keep others out.
func (g *proxy) enter(j *journey) bool {
	for {
		n := g.inflight.Load()
		if n >= j.snap.maxRequests {
			return false
		}
		if g.inflight.CompareAndSwap(n, n+1) {
			j.counted = true
			return true
		}
	}
}

// release gives back what enter took.
func (g *proxy) release(j *journey) {
	if j.counted {
		j.counted = false
		g.inflight.Add(-1)
	}
}

// recognise finds out who is asking and gives the request its id.
func (j *journey) recognise() {
	x := j.x
	x.Peer = j.stream.Peer()
	x.Client = x.Peer
	if trusted := j.snap.trusted; trusted != nil && trusted.Contains(x.Peer) {
		x.Trusted = true
		x.Client = headers.ClientIP(x.Peer, &j.request.Head, trusted)
	}
	j.identify()
}
