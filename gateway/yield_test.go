package gateway_test

import (
	"testing"

	"penstock/gateway/gatewaytest"
)

// A client whose slow transfers occupy all of a backend's connections loses one of them to each
// other client's request, and gets no more than its share.
func TestSlowTransfersYieldToOtherClients(t *testing.T) {
	const (
		many = "X-Forwarded-For: 192.0.2.1\r\n"
		few  = "X-Forwarded-For: 192.0.2.2\r\n"
	)
	for name, request := range map[string]string{
		"responses": "GET /long HTTP/1.1\r\nHost: a\r\n" + many + "\r\n",
		"uploads":   "POST / HTTP/1.1\r\nHost: a\r\n" + many + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			origin := slowOrigin(t)
			g := gatewaytest.Start(t, "trusted_proxies: [127.0.0.1]\ntimeouts: { first_byte: 1m, request: off }\n"+
				"upstreams: { up: { backends: [\""+origin.URL+"\"], pool: { max: 4 }, queue: { wait: 5s } } }\n"+oneRoute("up"))
			for range 4 {
				gatewaytest.Dial(t, g.Address).Send(request)
			}
			inFlight := `penstock_backend_requests_in_flight{upstream="up",backend="` + origin.Address + `"}`
			gatewaytest.Eventually(t, "four transfers", func() bool { return g.Count(inFlight) == "4" })
			other := gatewaytest.Dial(t, g.Address)
			for range 2 {
				other.Send("GET / HTTP/1.1\r\nHost: a\r\n" + few + "\r\n")
				if a := other.Read("GET"); a.StatusCode != 200 {
					t.Fatalf("another client got %d %s", a.StatusCode, a.Text)
				}
			}
			if n := g.Count(`penstock_slow_ended_total{upstream="up"}`); n != "1" {
				t.Errorf("%s transfers were ended, want 1: the second request needed no other place", n)
			}
			gatewaytest.Dial(t, g.Address).Send(request)
			gatewaytest.Eventually(t, "four transfers", func() bool { return g.Count(inFlight) == "4" })
			refused := gatewaytest.Dial(t, g.Address)
			refused.Send("GET / HTTP/1.1\r\nHost: a\r\n" + many + "\r\n")
			if a := refused.Read("GET"); a.StatusCode != 503 {
				t.Errorf("the client with all connections got %d for one more", a.StatusCode)
			}
		})
	}
}
