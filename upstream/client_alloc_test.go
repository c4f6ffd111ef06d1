//go:build !race

package upstream

import (
	"io"
	"testing"
	"time"

	"penstock/exchange"
)

func TestSmallRoundTripDoesNotAllocate(t *testing.T) {
	for _, n := range []int{0, 1 << 10, maxBuffered} {
		step := small(t, n)
		step() // dials
		if got := testing.AllocsPerRun(500, step); got != 0 {
			t.Errorf("answer of %d bytes: %v allocations a round trip, want 0", n, got)
		}
	}
}

// TestChunkedRoundTripDoesNotAllocate covers both ways of a chunked response: decoded
// at once, and as a stream.
func TestChunkedRoundTripDoesNotAllocate(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	for _, tc := range []struct{ name, body string }{
		{"whole", "3\r\nabc\r\n0\r\n\r\n"},
		{"stream, because of its trailer", "3\r\nabc\r\n0\r\nX-A: b\r\n\r\n"},
	} {
		nowhere := plain(io.Discard)
		c := clientOf(t, newScript(t, quick([]byte(head+tc.body))))
		req := request("GET", "/")
		var resp Response
		var at exchange.Attempt
		step := func() {
			at = exchange.Attempt{Start: time.Now()}
			if f := c.RoundTrip(req, &resp, &at); f != nil {
				t.Fatal(f)
			}
			if resp.Body != nil {
				if err := resp.Body.Transfer(nowhere); resp.Body.Sent() != 3 || err != nil {
					t.Fatalf("%s: %d bytes, %v", tc.name, resp.Body.Sent(), err)
				}
				_ = resp.Body.Close()
			}
		}
		step()
		if got := testing.AllocsPerRun(500, step); got != 0 {
			t.Errorf("%s: %v allocations a round trip, want 0", tc.name, got)
		}
	}
}
