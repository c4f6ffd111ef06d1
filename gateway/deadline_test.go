package gateway

import (
	"testing"
	"time"
)

func TestTimeoutsOfClients(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0.5": 500 * time.Millisecond, "3": 3 * time.Second, "250ms": 250 * time.Millisecond, "1m30s": 90 * time.Second,
		"1e99": longestTimeout, "100000h": longestTimeout, "Inf": longestTimeout,
		"": 0, "0": 0, "-1": 0, "-1s": 0, "NaN": 0, "soon": 0, "5 s": 0,
	} {
		if got := readTimeout(text); got != want {
			t.Errorf("X-Request-Timeout: %q is %v, want %v", text, got, want)
		}
	}
	for text, want := range map[string]time.Duration{
		"100m": 100 * time.Millisecond, "1S": time.Second, "2M": 2 * time.Minute, "3H": 3 * time.Hour, "7u": 7 * time.Microsecond, "8n": 8,
		"99999999H": longestTimeout, "": 0, "m": 0, "0S": 0, "1s": 0, "-1S": 0, "123456789S": 0, "1": 0, "1.5S": 0,
	} {
		if got := readGRPCTimeout(text); got != want {
			t.Errorf("Grpc-Timeout: %q is %v, want %v", text, got, want)
		}
	}
}
