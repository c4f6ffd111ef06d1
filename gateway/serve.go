package gateway

import (
	"time"

	"penstock/downstream"
	"penstock/exchange"
	"penstock/policy"
)

// Serve implements downstream.Handler: it runs the journey of one request.
func (g *proxy) Serve(s downstream.Stream, start time.Time) downstream.Job {
	j := g.begin(s, start)
	g.serve(j)
	return j
}

// Refuse implements downstream.Handler: it answers a request whose head could not be read.
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
	if g.purge(j) {
		return
	}
	if f := g.match(j); f != nil {
		g.fail(j, f)
		return
	}
	switch verdict, f := j.route.guard(j); verdict {
	case policy.Refused:
		g.fail(j, f)
		return
	case policy.Answered:
		g.answer(j)
		return
	}
	if g.lookup(j) {
		return
	}
	if f := g.receive(j); f != nil {
		g.fail(j, f)
		return
	}
	f := g.forward(j)
	if g.keep(j, f) {
		return
	}
	if f != nil {
		g.fail(j, f)
		return
	}
	if j.out.resp.Status == statusSwitchingProtocols {
		g.upgrade(j)
		return
	}
	g.respond(j)
}

// Statuses that the steps look at.
const (
	statusSwitchingProtocols  = 101
	statusNoContent           = 204
	statusPartialContent      = 206
	statusNotModified         = 304
	statusRangeNotSatisfiable = 416
)
