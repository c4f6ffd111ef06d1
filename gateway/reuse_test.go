package gateway_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"penstock/gateway/gatewaytest"
)

// A 204 has no Content-Length (RFC 9110 §8.6), from the store neither.
func TestStoredNoContentHasNoLength(t *testing.T) {
	origin := gatewaytest.NewOrigin(t, gatewaytest.Always(
		"HTTP/1.1 204 No Content\r\nDate: "+time.Now().UTC().Format(http.TimeFormat)+"\r\nCache-Control: max-age=60\r\n\r\n"))
	g := gatewaytest.Start(t, oneRoute(origin.URL, "    cache: on"))
	c := gatewaytest.Dial(t, g.Address)
	for _, want := range []string{"fwd=uri-miss", "; hit"} {
		c.Send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
		head := c.Head()
		if !strings.HasPrefix(head, "HTTP/1.1 204 ") || !strings.Contains(head, want) || strings.Contains(strings.ToLower(head), "content-length") {
			t.Errorf("got %q, want a 204 with %q and no Content-Length", head, want)
		}
	}
}
