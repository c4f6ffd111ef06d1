//go:build !race

package gateway_test

import (
	"bytes"
	"testing"

	"penstock/gateway/gatewaytest"
)

// refusals sends requests to a gateway at its limit and reads each 503, all on one
// connection.
func refusals(t testing.TB) (once func()) {
	t.Helper()
	entered, leave := make(chan struct{}), make(chan struct{})
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		if _, err := p.Head(); err != nil {
			return
		}
		select {
		case entered <- struct{}{}:
			<-leave
			_, _ = p.Write([]byte(gatewaytest.OK("ok")))
		case <-leave:
		}
	})
	g := gatewaytest.Start(t, "limits: { requests: 1 }\n"+oneRoute(origin.URL))
	t.Cleanup(func() { close(leave) })
	gatewaytest.Dial(t, g.Address).Send(get)
	<-entered
	c := gatewaytest.Dial(t, g.Address)
	request := []byte("GET /index.html?x=1 HTTP/1.1\r\nHost: a.example\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n")
	line := func() []byte {
		text, err := c.In.ReadSlice('\n')
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	return func() {
		if _, err := c.Write(request); err != nil {
			t.Fatal(err)
		}
		if status := line(); !bytes.HasPrefix(status, []byte("HTTP/1.1 503 ")) {
			t.Fatalf("got %q, want 503", status)
		}
		for len(line()) > len("\r\n") {
		}
		line() // the body
	}
}

func TestRefusalAllocatesNothing(t *testing.T) {
	allocatesNothing(t, "a refusal", refusals(t))
}

func BenchmarkRefusal(b *testing.B) {
	repeat(b, refusals(b))
}
