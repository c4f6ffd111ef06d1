package gateway_test

import (
	"io"
	"strings"
	"testing"

	"penstock/gateway/gatewaytest"
)

func TestDownloadsCutByTheOriginNeverLookComplete(t *testing.T) {
	large := strings.Repeat("x", 100_000)
	for name, tc := range map[string]struct {
		answer string
		status int // the only status that the client may get; 0: the response had begun
	}{
		"small and sized":          {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", 502},
		"large and sized":          {"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + large, 0},
		"chunked, between chunks":  {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", 0},
		"chunked, inside a chunk":  {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nff\r\nab", 0},
		"chunked, after the 0":     {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", 0},
		"chunked, in the trailers": {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-A: 1\r\n", 0},
		"in the head":              {"HTTP/1.1 200 OK\r\nContent-Le", 502},
	} {
		t.Run(name, func(t *testing.T) {
			c := through(t, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", tc.answer)
			a, err := c.TryRead("POST")
			switch {
			case tc.status != 0 && (err != nil || a.StatusCode != tc.status):
				t.Errorf("got %d, %v; want %d", a.StatusCode, err, tc.status)
			case tc.status == 0 && err == nil && a.Err == nil:
				t.Errorf("the client saw a complete answer of %d bytes", len(a.Text))
			}
		})
	}
}

func TestHTTP10ClientSeesTheCutOfABodyWithoutLength(t *testing.T) {
	c := through(t, "GET / HTTP/1.0\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
	c.Head()
	if body, err := io.ReadAll(c.In); err == nil {
		t.Errorf("a body that was cut ended like a complete one: %q", body)
	}
}

func TestBadAnswersBecome502(t *testing.T) {
	for name, answer := range map[string]string{
		"two lengths":                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
		"length and chunked":         "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"unknown transfer coding":    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nxx",
		"HTTP/2.0":                   "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
		"status 099":                 "HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n",
		"a space before the colon":   "HTTP/1.1 200 OK\r\nX-A : 1\r\nContent-Length: 0\r\n\r\n",
		"a bare line feed":           "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
		"a folded line":              "HTTP/1.1 200 OK\r\nX-A: 1\r\n 2\r\nContent-Length: 0\r\n\r\n",
		"nothing that is HTTP":       "SSH-2.0-OpenSSH_9\r\n\r\n",
		"a head larger than allowed": "HTTP/1.1 200 OK\r\nX-A: " + strings.Repeat("x", 100_000) + "\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			c := through(t, get, answer)
			a := c.Read("GET")
			if a.StatusCode != 502 || !strings.Contains(a.Header.Get("Proxy-Status"), "error=http_") {
				t.Errorf("got %d, Proxy-Status %q", a.StatusCode, a.Header.Get("Proxy-Status"))
			}
		})
	}
}

func TestPooledConnectionThatSpeaksUnaskedIsNotUsed(t *testing.T) {
	answers := make(chan struct{})
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		for first := true; ; first = false {
			if _, err := p.Head(); err != nil {
				return
			}
			_, _ = io.WriteString(p, gatewaytest.OK("mine"))
			if first {
				_, _ = io.WriteString(p, gatewaytest.OK("POISON"))
				answers <- struct{}{}
			}
		}
	})
	g := gatewaytest.Start(t, oneRoute(origin.URL))
	for range 3 {
		c := gatewaytest.Dial(t, g.Address)
		c.Send(get)
		<-answers // the stray bytes are on their way before the next request
		if a := c.Read("GET"); a.Text != "mine" {
			t.Fatalf("got %q", a.Text)
		}
	}
}
