package gateway

import (
	"net/netip"

	"penstock/accesslog"
	"penstock/headers"
)

// Finish ends the journey; the client's protocol calls it when the response was written or
// the client is lost.
func (j *journey) Finish() { j.g.finish(j) }

// finish is the single exit of every journey. It runs after the last byte of the response,
// after the tunnel, or after the client was lost. Only here do the in-flight counts fall.
func (g *proxy) finish(j *journey) {
	x, snap := j.x, j.snap
	x.Took = g.now().Sub(x.Start)
	if !x.Tunnel {
		x.Received = j.body.read
	}
	g.release(j)
	j.taken.releaseSlow(g.slow)
	g.leaveClient(j)
	j.cache.Report()
	if j.route != nil && j.route.plan != nil {
		j.onFinish()
	}
	g.record(j)
	j.stream.Done()
	j.reset()
	snap.leave()
	x.Release()
	g.journeys.Put(j)
}

// record puts the request into the metrics and the access log.
func (g *proxy) record(j *journey) {
	if j.route != nil {
		j.route.metrics.Observe(j.x)
	} else {
		g.unmatched.Observe(j.x)
	}
	if g.access.Wanted(j.x.Status, j.x.Took) {
		g.access.Write(j.entry())
	}
}

// entry returns the entry of the access log for the journey. It is valid until the journey
// is reset.
func (j *journey) entry() *accesslog.Entry {
	head := j.stream.Head()
	j.line = accesslog.Entry{
		Exchange: j.x, Protocol: head.Spoken(), Method: head.Method, Host: j.request.Host,
		Target: head.Target, UserAgent: j.request.Head.Get(headers.UserAgent),
	}
	return &j.line
}

// release gives back what enter and match took.
func (g *proxy) release(j *journey) {
	j.leaveRoute()
	if j.taken.counted {
		j.taken.counted = false
		g.inflight.Add(-1)
	}
}

// leaveClient gives back what enterClient took.
func (g *proxy) leaveClient(j *journey) {
	if j.taken.client.IsValid() {
		g.perClient.end(j.taken.client)
		j.taken.client = netip.Addr{}
	}
}
