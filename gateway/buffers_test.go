package gateway_test

import (
	"io"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"penstock/gateway"
	"penstock/gateway/gatewaytest"
)

// Bodies that were announced and do not come hold what has come of them, and all together not
// more than limits.buffered_bodies; bodies of known length go on beyond it.
func TestBuffersOfBodiesStayWithinTheirBudget(t *testing.T) {
	origin := gatewaytest.NewOrigin(t, sink(make(chan error, 100)))
	g := gatewaytest.Start(t, "limits: { buffered_bodies: 256KiB }\n"+oneRoute(origin.URL))
	send := func(n, bytes int) []*gatewaytest.Client {
		var open []*gatewaytest.Client
		for range n {
			c := gatewaytest.Dial(t, g.Address)
			c.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65536\r\n\r\n")
			c.Send(strings.Repeat("x", bytes))
			open = append(open, c)
		}
		return open
	}
	used := func(want int) {
		t.Helper()
		gatewaytest.Eventually(t, strconv.Itoa(want)+" bytes of buffers", func() bool {
			return g.Count("penstock_buffered_body_bytes") == strconv.Itoa(want)
		})
	}
	idle := send(5, 10)
	used(5 * 4 << 10) // and not what they have announced
	full := send(1, 65_535)
	used(5*4<<10 + 64<<10)
	idle = append(idle, send(40, 10)...) // more than there is room for: the rest is streamed
	used(192 << 10)                      // a quarter is kept for bodies without a length

	for range 20 { // each has a buffer, which cannot grow
		c := gatewaytest.Dial(t, g.Address)
		body := strings.Repeat("x", 100_000)
		c.Send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n186a0\r\n" + body + "\r\n0\r\n\r\n")
		if a := c.Read("POST"); a.StatusCode != 200 || a.Text != sumOf(body) {
			t.Fatalf("got %d %q, want what was sent", a.StatusCode, a.Text)
		}
	}
	for _, c := range append(full, send(1, 65_535)...) { // one that was read whole, one that was not
		c.Send("y")
		if a := c.Read("POST"); a.StatusCode != 200 || a.Text != sumOf(strings.Repeat("x", 65_535)+"y") {
			t.Fatalf("got %d %q", a.StatusCode, a.Text)
		}
	}
	for _, c := range idle {
		_ = c.Conn.Close()
	}
	used(0)
}

// A body without a length is refused only when there is no buffer for its first bytes either:
// here none fits into the budget. A body of known length is streamed.
func TestBodyWithoutALengthAndABufferIsRefused(t *testing.T) {
	origin := gatewaytest.NewOrigin(t, sink(make(chan error, 100)))
	g := gatewaytest.Start(t, "limits: { buffered_bodies: 1KiB }\n"+oneRoute(origin.URL))
	c := gatewaytest.Dial(t, g.Address)
	c.Send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n")
	if a := c.Read("POST"); a.StatusCode != 503 || a.Header.Get("Retry-After") == "" || !strings.Contains(a.Text, "buffers-full") {
		t.Errorf("got %d %q, want 503 buffers-full with Retry-After", a.StatusCode, a.Text)
	}
	c = gatewaytest.Dial(t, g.Address)
	c.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nh")
	c.Send("i")
	if a := c.Read("POST"); a.Text != sumOf("hi") {
		t.Errorf("got %d %q", a.StatusCode, a.Text)
	}
}

func TestLimitsFollowTheMemory(t *testing.T) {
	cfg := gatewaytest.Parse(t, fixed("hi"))
	var log strings.Builder
	g := gatewaytest.StartWith(t, gateway.Options{Config: cfg, HeapLimit: 64 << 20, Log: slog.New(slog.NewTextHandler(&log, nil))})
	for _, want := range []string{"limits.requests is lowered", "granted=512", "limits.connections is lowered", "granted=2048"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log says %q, want %q", log.String(), want)
		}
	}
	c := gatewaytest.Dial(t, g.Address)
	c.Send(get)
	if a := c.Read("GET"); a.StatusCode != 200 {
		t.Errorf("got %d", a.StatusCode)
	}
}

// A client may be slow, but not slower than body_min_rate on average, and not for longer than
// timeouts.body in all.
func TestSlowRequestBodyEndsWith408(t *testing.T) {
	t.Parallel()
	origin := gatewaytest.NewOrigin(t, sink(make(chan error, 100)))
	for name, timeouts := range map[string]string{
		"below the rate":      "timeouts: { body_idle: 1s, body_min_rate: 1MiB/s }\n",
		"longer than allowed": "timeouts: { body: 1s }\n",
	} {
		t.Run(name, func(t *testing.T) {
			g := gatewaytest.Start(t, timeouts+oneRoute(origin.URL))
			c := gatewaytest.Dial(t, g.Address)
			c.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n")
			began, ended := time.Now(), make(chan struct{})
			go func() {
				defer close(ended)
				tick := time.NewTicker(10 * time.Millisecond)
				defer tick.Stop()
				for range 600 {
					if _, err := io.WriteString(c.Conn, "x"); err != nil {
						return
					}
					<-tick.C
				}
			}()
			a := c.Read("POST")
			if took := time.Since(began); a.StatusCode != 408 || !strings.Contains(a.Text, "slow-request") || took < time.Second {
				t.Errorf("got %d %q after %v, want 408 slow-request", a.StatusCode, a.Text, took)
			}
			_ = c.Conn.Close()
			<-ended
		})
	}
}

// A client may send its body in many small writes, with a pause: the average rate counts.
func TestSlowBackendSeesNoBodyUntilItsBeginning(t *testing.T) {
	asked := make(chan string, 1)
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		if _, err := p.Head(); err != nil {
			return
		}
		chunk := make([]byte, len("3\r\nabc\r\n"))
		_, _ = io.ReadFull(p.In, chunk)
		asked <- string(chunk)
		rest := make([]byte, len("3\r\ndef\r\n0\r\n\r\n"))
		_, _ = io.ReadFull(p.In, rest)
		p.Say(gatewaytest.OK(string(rest)))
	})
	g := gatewaytest.Start(t, oneRoute(origin.URL))
	c := gatewaytest.Dial(t, g.Address)
	c.Send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
	select {
	case first := <-asked: // after gatherTime, although the body goes on
		if first != "3\r\nabc\r\n" {
			t.Errorf("got %q", first)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the backend was never asked")
	}
	c.Send("3\r\ndef\r\n0\r\n\r\n")
	if a := c.Read("POST"); a.Text != "3\r\ndef\r\n0\r\n\r\n" {
		t.Errorf("got %d %q", a.StatusCode, a.Text)
	}
}
