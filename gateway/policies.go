package gateway

import (
	"penstock/headers"
	"penstock/policy"
)

// guard lets the policies of a plan, nil for none, decide about the request: act is one of its
// methods. True means that the request ends here and has its response.
func (g *proxy) guard(j *journey, p *policy.Plan, act func(*policy.Plan, *policy.Call) policy.Verdict) (ended bool) {
	if p == nil {
		return false
	}
	switch act(p, j.policyCall()) {
	case policy.Continue:
		return false
	case policy.Responded:
		g.sendLocal(j)
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

// onFinish shows the policies of the route the record of the request, which has ended.
func (j *journey) onFinish() {
	defer j.g.surviveAlone(j)
	j.route.plan.OnFinish(j.x)
}
