package gateway_test

import (
	"testing"

	"penstock/gateway/gatewaytest"
)

func TestNothingFollowsATrailerSection(t *testing.T) {
	origin := gatewaytest.NewOrigin(t, gatewaytest.Always(gatewaytest.OK("ok")))
	g := gatewaytest.Start(t, oneRoute(origin.URL))
	for name, trailers := range map[string]string{
		"ended by a bare line feed":   "X-A: b\n\n",
		"ended by a lone line feed":   "X-A: b\r\n\n",
		"folded":                      "X-A: b\r\n c\r\n\r\n",
		"a space before the colon":    "X-A : b\r\n\r\n",
		"a bare line feed in between": "X-A: b\nX-B: c\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			c := gatewaytest.Dial(t, g.Address)
			c.Send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n" + trailers + get)
			if a := c.Read("POST"); !a.Close {
				t.Errorf("%d without Connection: close", a.StatusCode)
			}
			if !c.Closed() {
				t.Error("what followed was answered")
			}
		})
	}
}
