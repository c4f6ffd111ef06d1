package gateway_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"penstock/gateway/gatewaytest"
)

// No status can be sent any more when a response has begun: it is cut, and the fault says so.
func TestSlowUploadAfterTheResponseHasBegunIsCut(t *testing.T) {
	t.Parallel()
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		if _, err := p.Head(); err == nil {
			p.Say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n")
			_, _ = io.Copy(io.Discard, p.In)
		}
	})
	g := gatewaytest.Start(t, tooFast+oneRoute(origin.URL))
	c := gatewaytest.Dial(t, g.Address)
	c.Send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for range 1000 {
			if _, err := io.WriteString(c.Conn, "1\r\nx\r\n"); err != nil {
				return
			}
			<-tick.C
		}
	}()
	if head := c.Head(); !strings.HasPrefix(head, "HTTP/1.1 200 ") {
		t.Fatalf("got %q", head)
	}
	if rest, _ := io.ReadAll(c.In); strings.Contains(string(rest), "0\r\n\r\n") {
		t.Errorf("the response looks complete: %q", rest)
	}
	const series = `penstock_faults_total{route="/*",fault="slow-client"}`
	gatewaytest.Eventually(t, series+" to be 1", func() bool { return g.Count(series) == "1" })
	_ = c.Conn.Close()
	<-ended
}
