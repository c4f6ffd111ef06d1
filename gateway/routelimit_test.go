package gateway_test

import (
	"strings"
	"testing"

	"penstock/gateway/gatewaytest"
)

func TestRequestsInFlightOfOneRoute(t *testing.T) {
	origin := newHeld(t)
	text := func(more string) string {
		return "routes:\n  - { path: \"/a\", upstream: \"" + origin.URL + "\", limits: { requests: 2" + more + " } }\n  - { path: \"/b\", respond: 204 }\n"
	}
	g := gatewaytest.Start(t, text(""))
	var open []*gatewaytest.Client
	for range 2 {
		c := gatewaytest.Dial(t, g.Address)
		c.Send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
		<-origin.in
		open = append(open, c)
	}
	refused := func(when string) {
		t.Helper()
		a := gatewaytest.Get(t, g.Address, "/a")
		if a.StatusCode != 503 || a.Close || a.Header.Get("Retry-After") == "" || !strings.Contains(a.Text, `"reason":"route-full"`) {
			t.Errorf("%s: got %d %v %s", when, a.StatusCode, a.Header, a.Text)
		}
	}
	refused("above the limit")
	if a := gatewaytest.Get(t, g.Address, "/b"); a.StatusCode != 204 {
		t.Errorf("another route: got %d, want 204", a.StatusCode)
	}
	if err := g.Reload(gatewaytest.Parse(t, text(", body: 1MiB"))); err != nil {
		t.Fatal(err)
	}
	refused("after a reload, the requests before it count")
	origin.out <- struct{}{}
	open[0].Read("GET")
	gatewaytest.Eventually(t, "the request to end", func() bool { return g.Count(`penstock_requests_in_flight{route="/a"}`) == "1" })
	open[0].Send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
	<-origin.in
	refused("when the free place is taken again")
	close(origin.out)
	for i, c := range open {
		if a := c.Read("GET"); a.StatusCode != 200 {
			t.Errorf("request %d under way: got %d", i, a.StatusCode)
		}
	}
}
