package gateway

import (
	"penstock/headers"
	"penstock/policy"
)

// guard lets the request policies of a plan decide, which may be nil. True means that the
// request ends here and has its response.
func (g *proxy) guard(j *journey, p *policy.Plan) (ended bool) {
	return p != nil && g.conclude(j, p.OnRequest(j.policyCall()))
}

// guardForward is guard for what acts on requests that the cache has no response for.
func (g *proxy) guardForward(j *journey, p *policy.Plan) (ended bool) {
	return p != nil && g.conclude(j, p.OnForward(j.policyCall()))
}

// conclude does what a policy has decided.
func (g *proxy) conclude(j *journey, v policy.Verdict) (ended bool) {
	switch v {
	case policy.Continue:
		return false
	case policy.Answered:
		g.answer(j)
	default:
		j.refusal = append(j.refusal[:0], j.response.Fields...)
		g.fail(j, j.call.Fault())
	}
	return true
}

// policyCall returns the request as policies see it.
func (j *journey) policyCall() *policy.Call {
	j.call.Request, j.call.Response, j.call.X = &j.request, &j.response, j.x
	return &j.call
}

// EditFields implements response.Editor: it lets the policies of the route edit the fields of
// a response to the client.
func (j *journey) EditFields(b *headers.Block) { j.route.plan.EditFields(b, j.policyCall()) }

// onResponse lets the policies of the route act on the backend's response.
func (j *journey) onResponse() {
	p, out := j.route.plan, &j.out.resp
	if p != nil && out.Status != statusSwitchingProtocols {
		p.OnResponse(j.policyCall(), out.Status, &out.Head)
	}
}
