package gateway

import (
	"net"
	"time"

	"penstock/exchange"
	"penstock/lb"
	"penstock/tunnel"
)

// upgrade answers 101 and hands both connections to a tunnel. The journey goes
// with them: fasthttp resets the request, and so calls finish, when it ends.
func (g *Gateway) upgrade(j *journey) {
	j.note = append(append(j.note[:0], "Connection: Upgrade\r\nUpgrade: "...), j.req.Upgrade...)
	j.note = append(j.note, "\r\n"...)
	if j.conn == nil || !g.setHead(j, j.note) {
		_ = j.resp.Tunnel.Close()
		j.settle(outcomeOf(nil))
		g.fail(j, exchange.Refuse(exchange.UpgradeUnasked))
		return
	}
	j.x.Status, j.x.Tunnel = j.resp.Status, true
	g.release(j) // a tunnel is no request in flight; the registry counts it
	g.hijack(j, func(c net.Conn) { g.tunnel(j, c) }, func() { j.settle(lb.Cancelled) })
}

// tunnel runs until both sides have ended.
func (g *Gateway) tunnel(j *journey, c net.Conn) {
	early := j.readAhead(c)
	sent, received, err := g.tunnels.Run(tunnel.Tunnel{
		Client: j.conn, Backend: j.resp.Tunnel,
		FromClient: early, FromBackend: j.resp.Ahead,
		Idle: j.route.times.BodyIdle, Label: j.route.name,
	})
	j.x.Received, j.x.Sent = sent, received
	j.at.Sent, j.at.Received = sent, received
	if err != nil {
		j.x.Fault = &exchange.Fault{Kind: exchange.ConnectionTerminated, Source: exchange.Upstream, Begun: true, Err: err}
	}
	j.settle(outcomeOf(nil))
}

// readAhead takes what the client sent behind its request and fasthttp has
// already read from the connection. With a deadline in the past the connection
// itself is not touched, so the first error says that the buffer is empty.
func (j *journey) readAhead(c net.Conn) []byte {
	j.wire.tunnel()
	_ = j.conn.SetReadDeadline(time.Unix(1, 0))
	defer func() { _ = j.conn.SetReadDeadline(time.Time{}) }()
	var early []byte
	buf := make([]byte, 4<<10)
	for {
		n, err := c.Read(buf)
		early = append(early, buf[:n]...)
		if err != nil {
			return early
		}
	}
}
