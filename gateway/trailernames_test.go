package gateway

import (
	"strings"
	"testing"

	"penstock/config"
	"penstock/headers"
	"penstock/policy"
)

// The configuration refuses each name that would never be forwarded, so that nobody waits for it.
func TestTrailersThatAreAcceptedAreForwarded(t *testing.T) {
	names := []string{"X-Forwarded-Foo", "Content_Length", "X_Real_IP", "Server-Timing", "X-Sum"}
	for id := headers.XForwarded + 1; id <= headers.CacheStatus; id++ {
		names = append(names, id.String())
	}
	for _, name := range names {
		text := "trailers: [" + name + "]\nroutes: [{ path: /, upstream: \"http://a:1\" }]\n"
		_, err := config.Parse("config.yaml", []byte(text), nil, policy.Table()...)
		if accepted := err == nil; accepted && !headers.TrailerAllowed([]byte(name)) {
			t.Errorf("%s is accepted, and never forwarded", name)
		} else if !accepted && !strings.Contains(err.Error(), "trailers") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
