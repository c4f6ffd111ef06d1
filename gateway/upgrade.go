package gateway

import (
	"penstock/downstream"
	"penstock/exchange"
	"penstock/tunnel"
)

// upgrade sends the backend's 101 and hands both connections to a tunnel. The journey goes
// with them: it ends when the tunnel does.
func (g *proxy) upgrade(j *journey) {
	r := &j.response
	r.Begin(j.out.resp.Status, j.out.resp.Reason)
	c := j.common()
	c.Edits = nil // policies edit responses, and this one begins a tunnel
	lines := append(j.appendProxied(r.Fields[:0], c), "Connection: Upgrade\r\nUpgrade: "...)
	r.SetFields(append(append(lines, j.out.req.Upgrade...), "\r\n"...))
	r.SetIdle(j.route.times.BodyIdle)
	j.x.Status, j.x.Tunnel = r.Status, true
	j.keepRequest()
	g.release(j) // a tunnel is no request in flight; the registry counts it
	j.stream.Tunnel(r, func(client tunnel.End, early []byte) {
		defer g.surviveAlone(j)
		g.tunnel(j, client, early)
	}, func() {
		j.x.Fault = exchange.Refuse(exchange.ClientGone)
		j.settleRest(nil)
	})
}

// keepRequest makes the facts independent of the memory in which the request was received, so
// that a tunnel does not keep that.
func (j *journey) keepRequest() {
	own := new(downstream.Request)
	if own.Copy(&j.request) {
		j.request = *own
	}
	j.out.head.Reset()
	j.routeQuery.Reset(maxKeptBuffer)
}

// tunnel runs until both sides have ended.
func (g *proxy) tunnel(j *journey, client tunnel.End, early []byte) {
	attempt := j.out.attempt
	sent, received, err := g.tunnels.Run(tunnel.Tunnel{
		Client: client, Backend: j.out.resp.Tunnel,
		FromClient: early, FromBackend: j.out.resp.Ahead,
		Idle: j.route.times.BodyIdle, Label: j.route.name,
	})
	j.x.Received, j.x.Sent = sent, received
	attempt.Sent, attempt.Received = sent, received
	if err != nil {
		j.x.Fault = &exchange.Fault{Kind: exchange.ConnectionTerminated, Source: exchange.Upstream, Begun: true, Err: err}
	}
	j.settleRest(nil)
}
