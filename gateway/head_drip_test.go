package gateway_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"penstock/gateway/gatewaytest"
)

// drip sends every byte in a segment of its own, as far as the gateway takes them.
func drip(c *gatewaytest.Client, raw string) {
	_ = c.Conn.(*net.TCPConn).SetNoDelay(true)
	for i := range len(raw) {
		if _, err := io.WriteString(c, raw[i:i+1]); err != nil {
			return
		}
	}
}

func TestRequestsOneByteAtATime(t *testing.T) {
	origin := gatewaytest.NewOrigin(t, sink(nil))
	g := gatewaytest.Start(t, oneRoute(origin.URL))
	c := gatewaytest.Dial(t, g.Address)
	drip(c, "\r\nPOST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"+
		"GET /2 HTTP/1.1\r\nHost: a\r\n\r\n"+
		"POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-A: 1\r\n\r\n"+
		"GET /4 HTTP/1.0\r\n\r\n")
	for i, text := range []string{"hello", "", "abc", ""} {
		if a := c.Read("POST"); a.Text != sumOf(text) || a.Close != (i == 3) {
			t.Fatalf("answer %d: %d %q, close %v", i+1, a.StatusCode, a.Text, a.Close)
		}
	}
}

func TestDrippedHeadThatIsRefused(t *testing.T) {
	g := gatewaytest.Start(t, "limits: { header_bytes: 1KiB, uri: 64B }\n"+fixed("hi"))
	for name, tc := range map[string]struct {
		raw    string
		status int
		reason string
	}{
		"fields":            {"GET / HTTP/1.1\r\nHost: a\r\nX-A: " + strings.Repeat("x", 1<<10), 431, "header-too-large"},
		"target":            {"GET /" + strings.Repeat("x", 1<<10), 414, "uri-too-long"},
		"preface of HTTP/2": {"PRI * HTTP/2.0\r\n\r\n", 505, "version-refused"},
		"PRI in HTTP/1.1":   {"PRI * HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad-target"},
		"TLS handshake":     {"\x16\x03", 400, "tls-on-plain-port"},
	} {
		t.Run(name, func(t *testing.T) {
			c := gatewaytest.Dial(t, g.Address)
			_ = c.SetDeadline(time.Now().Add(5 * time.Second)) // half of timeouts.header
			drip(c, tc.raw)
			if a := c.Read("GET"); a.StatusCode != tc.status || !a.Close || !strings.Contains(a.Text, tc.reason) {
				t.Errorf("got %d %s, close %v", a.StatusCode, a.Text, a.Close)
			}
		})
	}
}

// The gateway refuses an invalid request line when the line is complete. It does not wait for
// the end of the head or for its deadline.
func TestBadRequestLineIsRefusedBeforeTheHeadEnds(t *testing.T) {
	g := gatewaytest.Start(t, fixed("hi"))
	for _, line := range []string{"GET /\r\n", "\x16\x03\x01\r\n", "GET / / HTTP/1.1\r\n", "GET / HTTP/1.1\nHost: a"} {
		c := gatewaytest.Dial(t, g.Address)
		_ = c.SetDeadline(time.Now().Add(5 * time.Second)) // half of timeouts.header
		c.Send(line)
		if a := c.Read("GET"); a.StatusCode != 400 || !a.Close {
			t.Errorf("%q: got %d, close %v", line, a.StatusCode, a.Close)
		}
	}
}

// A gateway that drains closes what is idle. A client of whose request only a part
// has come is not.
func TestDrainWaitsForTheRestOfAHead(t *testing.T) {
	t.Parallel()
	g := gatewaytest.Start(t, fixed("hi"))
	half, idle := gatewaytest.Dial(t, g.Address), gatewaytest.Dial(t, g.Address)
	for _, c := range []*gatewaytest.Client{half, idle} { // both are known to the gateway, and between requests
		c.Send(get)
		c.Read("GET")
	}
	half.Send("GET / HT")
	ctx, cancel := context.WithTimeout(t.Context(), gatewaytest.Wait)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- g.Shutdown(ctx) }()
	if rest, err := io.ReadAll(idle.In); err != nil || len(rest) != 0 {
		t.Errorf("the idle connection ended with %q, %v", rest, err)
	}
	half.Send("TP/1.1\r\nHost: a\r\n\r\n")
	if a, err := half.TryRead("GET"); err != nil || a.StatusCode != 200 || !a.Close {
		t.Errorf("the other: %v, %v; want 200 and close", a.Response, err)
	}
	if err := <-done; err != nil {
		t.Errorf("Shutdown: %v", err)
	}
}

// When the client closes inside of a head, the gateway records that at once, with the bytes
// that had come.
func TestHeadThatEndsBeforeItsEnd(t *testing.T) {
	g := gatewaytest.Start(t, fixed("hi"))
	for _, head := range []string{"GET / HT", "GET / HTTP/1.1\r\nHost: a\r\n", "\r\n"} {
		c := gatewaytest.Dial(t, g.Address)
		_ = c.SetDeadline(time.Now().Add(5 * time.Second))
		c.Send(head)
		closeWrite(t, c)
		rest, err := io.ReadAll(c.In)
		if err != nil || bytes.Contains(rest, []byte(" 200 ")) || (len(rest) == 0) != (head == "\r\n") {
			t.Errorf("%q: got %q, %v", head, rest, err)
		}
	}
}
