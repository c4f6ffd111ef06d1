package gateway_test

import (
	"strings"
	"testing"

	"penstock/gateway/gatewaytest"
)

// TestUnderscores shows what reaches a backend of fields that CGI and WSGI programs cannot tell
// from those with "-".
func TestUnderscores(t *testing.T) {
	for _, tc := range []struct {
		settings string
		passed   bool
	}{
		{"", false},
		{"underscores: drop\n", false},
		{"underscores: keep\n", true},
	} {
		heads := make(chan string, 1)
		origin := hostileOrigin(t, func(head string, _ int) string {
			heads <- head
			return gatewaytest.OK("ok")
		})
		g := gatewaytest.Start(t, tc.settings+oneRoute(origin.URL))
		gatewaytest.Get(t, g.Address, "/", "X_Tenant: a", "X-A: b_c")
		head := strings.ToLower(<-heads)
		if got := strings.Contains(head, "x_tenant"); got != tc.passed || !strings.Contains(head, "x-a: b_c") {
			t.Errorf("%q: passed is %v, want %v:\n%s", tc.settings, got, tc.passed, head)
		}
	}
}
