//go:build !race

package gateway_test

import (
	"bytes"
	"testing"

	"penstock/gateway/gatewaytest"
)

// severalLimits are limits by every property of a request.
const severalLimits = `    rate_limit:
      - { rate: 900000/s, name: a, per: [ip, header User-Agent, route] }
      - { rate: 900000/s, name: b, per: [host, query x, cookie c], count: origin }`

func TestRequestWithinItsLimitsAllocatesNothing(t *testing.T) {
	allocatesNothing(t, "a request within its rate limits", loop(t, severalLimits, ""))
	allocatesNothing(t, "a request that is told what is left", loop(t, severalLimits+"\nanswers: { rate_limit: on }", ""))
}

// limitRefusals sends requests above their rate and reads each 429, all on one connection.
func limitRefusals(t testing.TB) (once func()) {
	t.Helper()
	g := gatewaytest.Start(t, "routes: [{ path: \"/*\", respond: 204, rate_limit: [{ rate: 0.001/h, per: [ip, header User-Agent] }, { rate: 0.001/h, name: second }] }]")
	c := gatewaytest.Dial(t, g.Address)
	request := []byte("GET /index.html?x=1 HTTP/1.1\r\nHost: a.example\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n")
	line := func() []byte {
		text, err := c.In.ReadSlice('\n')
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	send := func() []byte {
		if _, err := c.Write(request); err != nil {
			t.Fatal(err)
		}
		return line()
	}
	send()
	for len(line()) > len("\r\n") {
	}
	return func() {
		if status := send(); !bytes.HasPrefix(status, []byte("HTTP/1.1 429 ")) {
			t.Fatalf("got %q, want 429", status)
		}
		for len(line()) > len("\r\n") {
		}
		line() // the body
	}
}

func TestRateLimitRefusalAllocatesNothing(t *testing.T) {
	allocatesNothing(t, "a refusal by a rate limit", limitRefusals(t))
}

func BenchmarkRateLimitRefusal(b *testing.B) { repeat(b, limitRefusals(b)) }
