package gateway

import (
	"encoding/binary"
	"net"
	"net/netip"
	"strconv"
	"sync"

	"penstock/accesslog"
	"penstock/conn"
	"penstock/exchange"
)

// clientCounts tells how much each client has open, for limits.per_ip. It counts
// also while there is no limit, so that one which a reload brings finds its numbers.
type clientCounts struct {
	shards [64]clientShard
}

type clientShard struct {
	mu   sync.Mutex
	open map[netip.Addr]int // no entry is zero
}

// clientOf is what one client is counted by: an IPv4 address, or the /64 that
// every IPv6 subscriber has to choose addresses from.
func clientOf(a netip.Addr) netip.Addr {
	a = a.Unmap().WithZone("")
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return a
}

func (c *clientCounts) shard(client netip.Addr) *clientShard {
	raw := client.As16()
	h := (binary.LittleEndian.Uint64(raw[:8]) ^ binary.LittleEndian.Uint64(raw[8:])) * 0x9e3779b97f4a7c15
	return &c.shards[h>>58]
}

// begin counts one more of the client; false means that it has limit open already.
// A limit of zero is none.
func (c *clientCounts) begin(client netip.Addr, limit int) bool {
	s := c.shard(client)
	s.mu.Lock()
	defer s.mu.Unlock()
	if limit > 0 && s.open[client] >= limit {
		return false
	}
	if s.open == nil {
		s.open = make(map[netip.Addr]int)
	}
	s.open[client]++
	return true
}

// end takes back what begin counted.
func (c *clientCounts) end(client netip.Addr) {
	s := c.shard(client)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[client]--; s.open[client] <= 0 {
		delete(s.open, client)
	}
}

// welcome decides about a connection that was just accepted and returns the answer
// that turns it away, nil to take it. Connections of trusted proxies are taken:
// there the requests count, see enterClient.
func (g *proxy) welcome(c *conn.Conn) []byte {
	a, ok := c.RemoteAddr().(*net.TCPAddr)
	snap := g.current.Load()
	if !ok || snap.trusted.Contains(a.AddrPort().Addr()) {
		return nil
	}
	client := clientOf(a.AddrPort().Addr())
	if !g.perClient.begin(client, snap.perClient) {
		g.noteTurnedAway(a.AddrPort().Addr().Unmap())
		return tooManyConnections
	}
	c.OnClose(func() { g.perClient.end(client) })
	return nil
}

// tooManyConnections is the answer that the listener writes.
var tooManyConnections = func() []byte {
	const reason = exchange.TooManyConnections
	body := `{"type":"about:blank","title":"Too Many Requests","status":429,"detail":"` + reason.Public() + `","reason":"` + reason.String() + "\"}\n"
	return []byte("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nConnection: close\r\n" +
		"Content-Type: application/problem+json\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)
}()

// noteTurnedAway puts a refused connection into the metrics and the access log, as
// a request that matched no route.
func (g *proxy) noteTurnedAway(client netip.Addr) {
	x := exchange.Acquire(g.now())
	x.Peer, x.Client = client, client
	x.Fault = exchange.Refuse(exchange.TooManyConnections)
	x.Status = x.Fault.Status()
	g.unmatched.Observe(x)
	if g.access.Wanted(x.Status, 0) {
		g.access.Write(&accesslog.Entry{Exchange: x})
	}
	x.Release()
}

// enterClient counts a request that a trusted proxy passed on for the client that
// it names; the proxy's connections are shared by many.
func (g *proxy) enterClient(j *journey) bool {
	if !j.x.Trusted || j.x.Client == j.x.Peer {
		return true
	}
	client := clientOf(j.x.Client)
	if !g.perClient.begin(client, j.snap.perClient) {
		return false
	}
	j.client = client
	return true
}

// leaveClient gives back what enterClient took.
func (g *proxy) leaveClient(j *journey) {
	if j.client.IsValid() {
		g.perClient.end(j.client)
		j.client = netip.Addr{}
	}
}
