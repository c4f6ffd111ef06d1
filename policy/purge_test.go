package policy

import (
	"net/netip"
	"testing"

	"penstock/downstream"
	"penstock/exchange"
	"penstock/headers"
	"penstock/response"
)

func TestPurge(t *testing.T) {
	ours := headers.NewPrefixes([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")})
	for _, tc := range []struct {
		method, client string
		from           *headers.Prefixes
		want           Verdict
	}{
		{"PURGE", "10.1.2.3", ours, Responded},
		{"purge", "10.1.2.3", ours, Responded},
		{"PURGE", "192.0.2.1", ours, refused},
		{"Purge", "192.0.2.1", ours, refused},
		{"PURGE", "10.1.2.3", nil, refused},
		{"GET", "192.0.2.1", ours, Continue},
		{"PATCH", "192.0.2.1", ours, Continue},
		{"PURGES", "192.0.2.1", ours, Continue},
	} {
		x := exchange.Acquire(clock)
		x.Client = netip.MustParseAddr(tc.client)
		purged := 0
		c := Call{Request: &downstream.Request{Method: []byte(tc.method)}, X: x, Response: &response.Response{Length: -1}}
		p := Purge{From: tc.from, Do: func(*Call) { purged++ }}
		if got := p.OnRequest(&c); got != tc.want || (purged == 1) != (tc.want == Responded) {
			t.Errorf("%s from %s: got %v, purged %d times; want %v", tc.method, tc.client, got, purged, tc.want)
		}
		switch {
		case tc.want == refused && c.Fault() != exchange.Refuse(exchange.PurgeRefused):
			t.Errorf("%s from %s: fault %v", tc.method, tc.client, c.Fault())
		case tc.want == Responded && (c.Response.Status != 204 || c.Response.Length != -1):
			t.Errorf("%s: got %+v, want 204 without a length", tc.method, c.Response)
		}
		x.Release()
	}
}
