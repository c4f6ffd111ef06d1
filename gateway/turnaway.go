package gateway

import (
	"net"
	"net/netip"
	"strconv"

	"penstock/accesslog"
	"penstock/conn"
	"penstock/exchange"
	"penstock/response"
)

// welcome checks a new connection against limits.per_ip. It returns the response with which
// to refuse the connection, or nil to serve it. For trusted proxies it always returns nil:
// their requests are counted instead, see enterClient.
func (g *proxy) welcome(c *conn.Conn) []byte {
	a, ok := c.RemoteAddr().(*net.TCPAddr)
	snap := g.current.Load()
	if !ok || snap.trusted.Contains(a.AddrPort().Addr()) {
		return nil
	}
	client := exchange.ClientOf(a.AddrPort().Addr())
	if !g.perClient.begin(client, snap.limits.perClient) {
		g.noteTurnedAway(a.AddrPort().Addr().Unmap())
		return tooManyConnections
	}
	c.OnClose(func() { g.perClient.end(client) })
	return nil
}

// tooManyConnections is the response to a connection that welcome refuses.
var tooManyConnections = func() []byte {
	body := response.AppendProblem(nil, false, exchange.Refuse(exchange.TooManyConnections), response.Problem{})
	head := "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nConnection: close\r\n" +
		"Content-Type: application/problem+json\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n"
	return append([]byte(head), body...)
}()

// noteTurnedAway puts a refused connection into the metrics and the access log, as
// a request that matched no route.
func (g *proxy) noteTurnedAway(client netip.Addr) {
	x := exchange.Acquire(g.now())
	x.Peer, x.Client = client, client
	giveID(x)
	x.Fault = exchange.Refuse(exchange.TooManyConnections)
	x.Status = x.Fault.Status()
	g.unmatched.Observe(x)
	if g.access.Wanted(x.Status, 0) {
		g.access.Write(&accesslog.Entry{Exchange: x})
	}
	x.Release()
}
