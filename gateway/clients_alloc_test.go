//go:build !race

package gateway

import (
	"net/netip"
	"testing"

	"penstock/exchange"
)

func TestCountingAClientAllocatesNothing(t *testing.T) {
	var counts clientCounts
	for _, text := range []string{"203.0.113.7", "::ffff:203.0.113.7", "2001:db8::1"} {
		a := netip.MustParseAddr(text)
		n := testing.AllocsPerRun(1000, func() {
			client := exchange.ClientOf(a)
			if !counts.begin(client, 1) || counts.begin(client, 1) {
				t.Error("one of two is taken")
			}
			counts.end(client)
		})
		if n != 0 {
			t.Errorf("%s: %v allocations, want 0", text, n)
		}
	}
	for i := range counts.shards {
		if n := len(counts.shards[i].open); n != 0 {
			t.Errorf("shard %d still knows %d clients", i, n)
		}
	}
}
