package gateway

import (
	"github.com/valyala/fasthttp"

	"penstock/policy"
)

// serve is the journey of one request. fasthttp calls it on the connection's own
// goroutine and writes the response after it returns; finish runs after that.
func (g *Gateway) serve(ctx *fasthttp.RequestCtx) {
	j := g.begin(ctx, ctx.Time())
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
	switch j.route.guard(j) {
	case policy.Refused:
		g.fail(j, j.x.Fault)
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
	if j.resp.Status == fasthttp.StatusSwitchingProtocols {
		g.upgrade(j)
		return
	}
	g.respond(j)
}
