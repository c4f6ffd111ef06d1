package gateway_test

import (
	"io"
	"strings"
	"testing"

	"penstock/gateway/gatewaytest"
)

// TestEveryCutOfAPipelineIsTheSame sends requests with every kind of body in one stream, cut
// at every byte: the responses must not depend on where segments end.
func TestEveryCutOfAPipelineIsTheSame(t *testing.T) {
	origin := gatewaytest.NewOrigin(t, sink(nil))
	g := gatewaytest.Start(t, oneRoute(origin.URL))
	stream := "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" +
		"GET /2 HTTP/1.1\r\nHost: a\r\n\r\n" +
		"POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\n\r\n" +
		"POST /4 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n" +
		"POST /5 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Sum: 1\r\n\r\n" +
		"GET /6 HTTP/1.1\r\nHost: a\r\n\r\n"
	want := []string{sumOf("hello"), sumOf(""), sumOf("abc"), sumOf(""), sumOf(""), sumOf("")}
	for cut := 1; cut < len(stream); cut++ {
		c := gatewaytest.Dial(t, g.Address)
		c.Send(stream[:cut])
		c.Send(stream[cut:])
		for i, w := range want {
			if a := c.Read("POST"); a.Text != w {
				t.Fatalf("cut at %d: answer %d is %d %q, want %q", cut, i+1, a.StatusCode, a.Text, w)
			}
		}
		_ = c.Close()
	}
}

func TestNothingHidesBehindAChunkedBody(t *testing.T) {
	origin := gatewaytest.NewOrigin(t, sink(make(chan error, 100)))
	g := gatewaytest.Start(t, oneRoute(origin.URL))
	hidden := "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n"
	for name, end := range map[string]string{
		"a bare LF ends the trailers":   "0\r\n\n",
		"a bare LF behind a trailer":    "0\r\nX-A: 1\n\r\n",
		"a folded trailer":              "0\r\nX-A: 1\r\n b\r\n\r\n",
		"a space before the colon":      "0\r\nX-A : 1\r\n\r\n",
		"a byte behind the data":        "1\r\naX0\r\n\r\n",
		"a bare LF in an extension":     "1;a\nb\r\na\r\n0\r\n\r\n",
		"a size with a sign":            "+1\r\na\r\n0\r\n\r\n",
		"a size that wraps":             "10000000000000001\r\na\r\n0\r\n\r\n",
		"an end that is cut by a space": "0 \r\n \r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			c := gatewaytest.Dial(t, g.Address)
			c.Send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + end + hidden)
			a := c.Read("POST")
			if a.StatusCode != 400 || !a.Close {
				t.Errorf("got %d, close %v; want 400 and close", a.StatusCode, a.Close)
			}
			if rest, _ := io.ReadAll(c.In); strings.Contains(string(rest), "HTTP/1.1") {
				t.Errorf("the hidden request was answered: %q", rest)
			}
		})
	}
}

func TestTrailersKeepTheConnection(t *testing.T) {
	origin := gatewaytest.NewOrigin(t, sink(nil))
	g := gatewaytest.Start(t, oneRoute(origin.URL))
	c := gatewaytest.Dial(t, g.Address)
	for range 3 {
		c.Send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Any: 1\r\n\r\n")
		if a := c.Read("POST"); a.Text != sumOf("ok") || a.Close {
			t.Fatalf("got %d %q, close %v", a.StatusCode, a.Text, a.Close)
		}
	}
}
