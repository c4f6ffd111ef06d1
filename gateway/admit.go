package gateway

import (
	"bytes"

	"github.com/valyala/fasthttp"

	"penstock/exchange"
	"penstock/headers"
)

// admit decides whether the request may enter at all. It takes one strict look at the
// head, everything behind it believes only what was found here, and then one of
// limits.requests. Nothing is forwarded when it returns a fault.
func (g *Gateway) admit(j *journey) *exchange.Fault {
	if last := j.snap.lastRequest; last > 0 && j.wire != nil && j.wire.heads >= last {
		j.closing = true
	}
	h := &j.ctx.Request.Header
	if f := j.admitVersion(h.Protocol()); f != nil {
		return f
	}
	j.head.MaxFields = j.snap.maxFields
	switch p := j.head.Parse(h.RawHeaders()); {
	case p == headers.TooMany:
		return exchange.Refuse(exchange.TooManyFields)
	case p != headers.NoProblem || j.head.Repeated() != headers.Other:
		return exchange.Refuse(exchange.BadHeader)
	}
	if f := j.admitFraming(); f != nil {
		return f
	}
	if bytes.EqualFold(j.method, []byte("CONNECT")) || bytes.EqualFold(j.method, []byte("TRACE")) {
		return exchange.Refuse(exchange.MethodRefused)
	}
	if !g.enter(j) {
		return exchange.Refuse(exchange.Overloaded)
	}
	if f := j.admitTarget(h); f != nil {
		return f
	}
	j.recognise()
	if !g.enterClient(j) {
		return exchange.Refuse(exchange.TooManyConnections)
	}
	if headers.PassedThrough(&j.head, g.name) {
		return exchange.Refuse(exchange.Loop)
	}
	return nil
}

// enter takes one of limits.requests; false means that none is left. What was
// refused here counts for nothing: clients that are slow to take their 503 would
// keep others out.
func (g *Gateway) enter(j *journey) bool {
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
func (g *Gateway) release(j *journey) {
	if j.counted {
		j.counted = false
		g.inflight.Add(-1)
	}
}

// admitVersion judges the version (RFC 9112 §2.3). A higher minor one is taken for
// HTTP/1.1, the highest that we know (RFC 9110 §2.5); fasthttp takes it for HTTP/1.0 and
// so ends the connection and refuses the chunked coding.
func (j *journey) admitVersion(protocol []byte) *exchange.Fault {
	version, ok := bytes.CutPrefix(protocol, []byte("HTTP/1."))
	if !ok || len(version) != 1 || version[0] < '0' || version[0] > '9' {
		return exchange.Refuse(exchange.VersionRefused)
	}
	j.http11 = version[0] != '0'
	return nil
}

// admitFraming judges the length of the body (RFC 9112 §6) and tells the wire, which
// nobody else reads it from: fasthttp has been shown a head without one, see hideBody.
func (j *journey) admitFraming() *exchange.Fault {
	framing, p := headers.RequestFraming(&j.head, j.http11)
	switch {
	case p == headers.UnknownCoding:
		return exchange.Refuse(exchange.UnknownCoding)
	case p != headers.NoProblem:
		return exchange.Refuse(exchange.BadFraming)
	}
	for expect := range j.head.All(headers.Expect) { // a list, whose lines add up (RFC 9110 §5.3)
		if j.http11 && !bytes.EqualFold(expect, []byte("100-continue")) {
			return exchange.Refuse(exchange.ExpectationRefused)
		}
	}
	j.framing = framing
	if j.wire != nil {
		j.wire.body(framing)
	}
	return nil
}

// admitTarget finds out which host and path the client means. An absolute-form
// target overrides Host (RFC 9112 §3.2.2). What goes upstream is in origin form, as
// received or what stands behind the authority, until the route's rules change it.
func (j *journey) admitTarget(h *fasthttp.RequestHeader) *exchange.Fault {
	hosts := j.head.Count(headers.Host)
	if hosts > 1 || (hosts == 0 && j.http11) {
		return exchange.Refuse(exchange.BadHost)
	}
	j.host = j.head.Get(headers.Host)
	if len(h.RequestURI()) > j.snap.maxURI {
		return exchange.Refuse(exchange.URITooLong)
	}
	t, p := headers.SplitTarget(h.RequestURI())
	if p != headers.NoProblem {
		return exchange.Refuse(exchange.BadTarget)
	}
	switch t.Form {
	case headers.OriginForm:
	case headers.AbsoluteForm:
		j.host = t.Authority
	case headers.AsteriskForm:
		if string(h.Method()) != fasthttp.MethodOptions {
			return exchange.Refuse(exchange.BadTarget)
		}
	default:
		return exchange.Refuse(exchange.BadTarget)
	}
	if len(j.host) > 0 && !headers.ValidHost(j.host) {
		return exchange.Refuse(exchange.BadHost)
	}
	if t.Form == headers.AsteriskForm {
		j.target = h.RequestURI()
		j.path = j.target
		return nil
	}
	j.query, j.hasTail = t.Query, t.HasQuery
	j.target = h.RequestURI()
	if t.Form == headers.AbsoluteForm {
		j.rewrote = j.appendTarget(j.rewrote[:0], t.Path)
		j.target = j.rewrote
	}
	return j.admitPath(t.Path)
}

// recognise finds out who is asking and gives the request its id.
func (j *journey) recognise() {
	x := j.x
	x.Peer = j.peer()
	x.Client = x.Peer
	if trusted := j.snap.trusted; trusted != nil && trusted.Contains(x.Peer) {
		x.Trusted = true
		x.Client = headers.ClientIP(x.Peer, &j.head, trusted)
	}
	j.identify()
}
