package gateway

import (
	"github.com/valyala/fasthttp"

	"penstock/cache/rfc9111"
	"penstock/headers"
	"penstock/upstream"
)

// prepare writes what goes to the backend, once for all tries: the target and
// the end-to-end fields, byte for byte as received but for what the gateway must
// remove or add. The order is the security review: hop-by-hop fields go first,
// so that nobody can name ours in Connection; then the route's edits; ours come
// last, so that no edit and no client can imitate them.
func (g *Gateway) prepare(j *journey) {
	b := &j.head
	wanted := j.wantedUpgrade()
	b.DropHopByHop()
	g.prepareCache(j)
	b.Drop(headers.Host)
	if name := j.snap.requestID; name != nil {
		dropNamed(b, name)
	}
	if j.route.requestEdits != nil {
		j.route.requestEdits.Apply(b)
	}
	forwarding := headers.Forwarding{
		Peer: j.x.Peer, Trusted: j.x.Trusted, Proto: "http", Host: j.host, Forwarded: j.snap.forwarded,
	}
	out := forwarding.Append(j.fields[:0], b)
	out = headers.AppendVia(out, b, j.http11, g.name)
	out = appendCDNLoop(out, b, g.name)
	if j.cache.validates {
		out = rfc9111.AppendValidators(out, &j.cache.stored)
	}
	if name := j.snap.requestID; name != nil {
		out = appendField(out, name, j.x.ID())
	}
	j.fields = b.Append(out)

	j.req.Method = j.method
	j.req.Target = j.outgoingTarget()
	j.req.Fields = j.fields
	j.req.Upgrade = wanted
	j.req.Interim = nil
	if j.http11 && j.conn != nil {
		j.req.Interim = j.interim
	}
	t := &j.route.times
	j.req.Times = upstream.Times{Connect: t.Connect, FirstByte: t.FirstByte, BodyIdle: t.BodyIdle}
	if t.Request > 0 {
		j.req.Times.Deadline = j.x.Start.Add(t.Request + j.moved)
	}
}

// outgoingTarget is the target as received, or the route's rewriting of its path
// with the query as it came.
func (j *journey) outgoingTarget() []byte {
	switch {
	case j.route.rewrite == nil && j.cache.shaped():
		j.rewrote = j.appendTarget(j.rewrote[:0], j.path)
		return j.rewrote
	case j.route.rewrite == nil:
		return j.target
	}
	j.rewrote = j.route.rewrite.Append(j.rewrote[:0], j.path, j.x)
	if query, ok := j.outgoingQuery(); ok {
		mark := byte('?')
		if j.route.rewrite.HasQuery() {
			mark = '&'
		}
		j.rewrote = append(append(j.rewrote, mark), query...)
	}
	return j.rewrote
}

// wantedUpgrade returns the protocol that the client asks for and the route
// allows, nil otherwise: then the request goes on as an ordinary one, as
// RFC 9110 §7.8 lets any recipient do. So does one of a client that also says close:
// the answer ends its connection (RFC 9112 §9.6).
func (j *journey) wantedUpgrade() []byte {
	if !j.http11 || len(j.route.upgrades) == 0 || string(j.method) != fasthttp.MethodGet || j.framing.Kind != headers.NoBody {
		return nil
	}
	token := j.head.Get(headers.Upgrade)
	if token == nil || j.head.Count(headers.Upgrade) != 1 || !j.head.ConnectionHas("upgrade") || j.head.ConnectionHas("close") || !listed(token, j.route.upgrades) {
		return nil
	}
	return token
}

// appendCDNLoop continues the CDN-Loop field, which unlike Via no intermediary may
// remove (RFC 8586 §2): a request that comes back is known by it.
func appendCDNLoop(dst []byte, b *headers.Block, name string) []byte {
	dst = append(dst, "CDN-Loop: "...)
	for value := range b.All(headers.CDNLoop) {
		dst = append(append(dst, value...), ", "...)
	}
	b.Drop(headers.CDNLoop)
	return append(append(dst, name...), "\r\n"...)
}

// dropNamed drops every field of that name.
func dropNamed(b *headers.Block, name []byte) {
	for i := range b.Fields {
		if headers.SameName(b.Fields[i].Name, name) {
			b.Fields[i].Drop = true
		}
	}
}

// listed reports whether the list holds name; ASCII case does not matter.
func listed(name []byte, names [][]byte) bool {
	for _, n := range names {
		if headers.SameName(name, n) {
			return true
		}
	}
	return false
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func appendField(dst, name, value []byte) []byte {
	dst = append(dst, name...)
	dst = append(dst, ": "...)
	dst = append(dst, value...)
	return append(dst, "\r\n"...)
}
