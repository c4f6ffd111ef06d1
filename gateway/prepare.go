package gateway

import (
	"penstock/headers"
	"penstock/policy"
	"penstock/response"
	"penstock/upstream"
)

// prepare writes the head of the outbound request, once for all attempts: the target and the
// end-to-end fields, byte for byte as received except for what the gateway must remove or
// add. The order matters for security. Hop-by-hop fields are removed first, so that a client
// cannot remove a field of the gateway by naming it in Connection. The route's edits follow.
// The gateway's own fields come last, so that no edit and no client can forge them.
func (g *proxy) prepare(j *journey) {
	b := &j.out.head
	b.CopyFrom(&j.request.Head)
	wanted := j.wantedUpgrade()
	b.DropHopByHop()
	j.cache.Prepare(b)
	b.Drop(headers.Host)
	if name := j.snap.requestID; name != nil {
		b.DropNamed(name)
	}
	plan := j.route.plan
	if plan != nil {
		plan.EditRequest(b, j.policyCall())
	}
	forwarding := headers.Forwarding{
		Peer: j.x.Peer, Trusted: j.x.Trusted, Proto: j.request.Scheme, Host: j.cache.Host(j.request.Host), Forwarded: j.snap.forwarded,
	}
	out := j.out.fields[:0]
	if plan != nil {
		out = plan.AppendRequest(out, j.policyCall())
	}
	out = forwarding.Append(out, b)
	out = headers.AppendVia(out, b, j.request.Version.Streams(), j.snap.config.Name)
	out = appendCDNLoop(out, b, g.instance)
	out = j.cache.AppendValidators(out)
	if name := j.snap.requestID; name != nil {
		out = response.AppendField(out, name, j.x.ID())
	}
	j.out.fields = b.Append(out)

	j.out.req.Body, j.out.uploadTime = j.upload.body, j.upload.took
	j.out.req.Method = j.request.Method
	j.out.req.Target = j.outgoingTarget()
	j.out.req.Fields = j.out.fields
	j.out.req.Upgrade = wanted
	j.out.req.Interim = nil
	if j.request.Version.Streams() && j.stream != nil {
		j.out.req.Interim = j.bound.interim
	}
	t := &j.route.times
	j.out.req.Times = upstream.Times{Connect: t.Connect, FirstByte: t.FirstByte, BodyIdle: t.BodyIdle}
	j.out.req.Times.Deadline = deadlineOf(j)
}

// outgoingTarget is the target as received, or the route's rewriting of its path
// with the query as it came.
func (j *journey) outgoingTarget() []byte {
	var path policy.Target
	if j.route.plan != nil {
		path = j.route.plan.Target()
	}
	switch {
	case path == nil && j.cache.Shapes():
		j.out.target = j.appendTarget(j.out.target[:0], j.request.Path)
		return j.out.target
	case path == nil:
		return j.request.Target
	}
	j.out.target = path.AppendTarget(j.out.target[:0], j.request.Path, j.policyCall())
	mark := byte('?')
	if path.HasQuery() {
		mark = '&'
	}
	j.out.target = j.appendQuery(j.out.target, mark)
	return j.out.target
}

// appendTarget appends the origin form of path with the query that the origin sees.
func (j *journey) appendTarget(dst, path []byte) []byte {
	return j.appendQuery(append(dst, path...), '?')
}

// appendQuery appends to a target the query that the origin sees, after mark: as it came, or
// where the response may be stored what the cache counts of it.
func (j *journey) appendQuery(dst []byte, mark byte) []byte {
	switch {
	case j.cache.Shapes():
		return j.cache.AppendQuery(dst, mark)
	case j.request.HasQuery:
		return append(append(dst, mark), j.request.Query...)
	}
	return dst
}

// wantedUpgrade returns the protocol that the client requests and the route allows. It
// returns nil otherwise; then the request is forwarded without the upgrade, as RFC 9110 §7.8
// allows. It also returns nil when the client says close, because the response then ends the
// connection (RFC 9112 §9.6).
func (j *journey) wantedUpgrade() []byte {
	if !j.request.Version.Streams() || len(j.route.upgrades) == 0 || string(j.request.Method) != "GET" || j.request.Framing.Kind != headers.NoBody {
		return nil
	}
	token := j.request.Head.Get(headers.Upgrade)
	if token == nil || j.request.Head.Count(headers.Upgrade) != 1 || !j.request.Head.ConnectionHas("upgrade") || j.request.Head.ConnectionHas("close") || !listed(token, j.route.upgrades) {
		return nil
	}
	return token
}

// appendCDNLoop continues the CDN-Loop field, which unlike Via no intermediary may
// remove (RFC 8586 §2): a request that comes back is known by it.
func appendCDNLoop(dst []byte, b *headers.Block, instance string) []byte {
	dst = append(dst, "CDN-Loop: "...)
	for value := range b.All(headers.CDNLoop) {
		dst = append(append(dst, value...), ", "...)
	}
	b.Drop(headers.CDNLoop)
	return append(append(dst, instance...), "\r\n"...)
}
