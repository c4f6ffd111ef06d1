package gateway

import (
	"encoding/binary"
	"net/netip"
	"sync"
)

// clientCounts counts the open connections or requests of each client, for limits.per_ip. It
// also counts while there is no limit, so that the counts are right when a reload sets one.
type clientCounts struct {
	shards [64]clientShard
}

type clientShard struct {
	mu   sync.Mutex
	open map[netip.Addr]int // no entry is zero
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
