package gateway_test

import (
	"io"
	"strings"
	"testing"

	"penstock/gateway/gatewaytest"
)

// through sends one raw request through a gateway whose origin sends response and closes. It
// returns the connection to read from.
func through(t *testing.T, raw, response string) *gatewaytest.Client {
	t.Helper()
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		if _, err := p.Head(); err == nil {
			_, _ = io.WriteString(p, response)
		}
	})
	g := gatewaytest.Start(t, oneRoute(origin.URL))
	c := gatewaytest.Dial(t, g.Address)
	c.Send(raw)
	return c
}

const get = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"

func TestAnswerFieldsGoOnByteForByte(t *testing.T) {
	c := through(t, get, "HTTP/1.1 203 Rather Odd\r\nDate: Tue, 15 Nov 1994 08:12:31 GMT\r\nserver: o/1\r\n"+
		"ETag: \"x\"\r\nSet-Cookie: a=1; Path=/\r\nx-one: 1\r\nSet-Cookie: b=2\r\nx-one: 0\r\n"+
		"Connection: close, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok")
	head := c.Head()
	for _, want := range []string{
		"HTTP/1.1 203 Rather Odd\r\n", "\r\nDate: Tue, 15 Nov 1994 08:12:31 GMT\r\n", "o/1\r\n", "\r\nETag: \"x\"\r\n",
		"\r\nSet-Cookie: a=1; Path=/\r\nx-one: 1\r\nSet-Cookie: b=2\r\nx-one: 0\r\n", "\r\nContent-Length: 2\r\n",
	} {
		if !strings.Contains(head, want) {
			t.Errorf("%q is missing in\n%s", want, head)
		}
	}
	for _, gone := range []string{"Connection", "X-Hop", "Keep-Alive"} {
		if strings.Contains(head, gone) {
			t.Errorf("%s came through:\n%s", gone, head)
		}
	}
}

func TestBodiesOfEveryFraming(t *testing.T) {
	big := strings.Repeat("0123456789abcdef", 8<<10) // 128 KiB: streamed
	for name, tc := range map[string]struct{ answer, want string }{
		"sized":                 {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello"},
		"empty":                 {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ""},
		"chunked":               {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n", "hello"},
		"until close":           {"HTTP/1.1 200 OK\r\n\r\nhello", "hello"},
		"of an HTTP/1.0 origin": {"HTTP/1.0 200 OK\r\n\r\nhello", "hello"},
		"large and sized":       {gatewaytest.OK(big), big},
	} {
		t.Run(name, func(t *testing.T) {
			c := through(t, get, tc.answer)
			a := c.Read("GET")
			if a.Err != nil || a.Text != tc.want || a.ProtoMinor != 1 || a.Close {
				t.Errorf("got %d bytes, error %v, minor version %d, close %v; want %d bytes, kept alive", len(a.Text), a.Err, a.ProtoMinor, a.Close, len(tc.want))
			}
		})
	}
}

func TestAnswersWithoutBody(t *testing.T) {
	for name, tc := range map[string]struct{ method, answer, want string }{
		"HEAD tells the length": {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n", "\r\nContent-Length: 12345\r\n"},
		"304 tells the length":  {"GET", "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nContent-Length: 77\r\n\r\n", "\r\nContent-Length: 77\r\n"},
		"204 has none":          {"GET", "HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n", "\r\nX-A: 1\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			c := through(t, tc.method+" / HTTP/1.1\r\nHost: a.example\r\n\r\n", tc.answer)
			head := c.Head()
			if !strings.Contains(head, tc.want) || strings.Contains(head, "Transfer-Encoding") {
				t.Errorf("want %q in\n%s", tc.want, head)
			}
			c.Send("GET /nothing-follows HTTP/1.1\r\nHost: \r\n\r\n\r\n")
			if line, err := c.In.ReadString('\n'); err != nil || !strings.HasPrefix(line, "HTTP/1.1 ") {
				t.Errorf("after the answer came %q, %v; want the next answer", line, err)
			}
		})
	}
}

func TestHTTP10ClientGetsABodyUntilClose(t *testing.T) {
	rest := make(chan string)
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		if _, err := p.Head(); err == nil {
			_, _ = io.WriteString(p, "HTTP/1.1 200 OK\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n")
			_, _ = io.WriteString(p, <-rest)
		}
	})
	g := gatewaytest.Start(t, oneRoute(origin.URL))
	c := gatewaytest.Dial(t, g.Address)
	c.Send("GET / HTTP/1.0\r\nHost: a.example\r\nConnection: keep-alive\r\n\r\n")
	head := c.Head()
	rest <- "2\r\nlo\r\n0\r\n\r\n"
	if strings.Contains(head, "Transfer-Encoding") || !strings.Contains(head, "X-A: 1\r\n") {
		t.Errorf("head of an answer without length:\n%s", head)
	}
	body, err := io.ReadAll(c.In)
	if err != nil || string(body) != "hello" {
		t.Errorf("got %q, %v", body, err)
	}

	sized := through(t, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", gatewaytest.OK("hello"))
	if a := sized.Read("GET"); a.Text != "hello" || a.Header.Get("Connection") != "keep-alive" {
		t.Errorf("sized for HTTP/1.0: %q, Connection %q", a.Text, a.Header.Get("Connection"))
	}
}

func TestEventsArriveAsTheyAreSent(t *testing.T) {
	next := make(chan string)
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		if _, err := p.Head(); err != nil {
			return
		}
		_, _ = io.WriteString(p, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
		for event := range next {
			_, _ = io.WriteString(p, "8\r\n"+event+"\r\n")
		}
		_, _ = io.WriteString(p, "0\r\n\r\n")
	})
	g := gatewaytest.Start(t, oneRoute(origin.URL))
	c := gatewaytest.Dial(t, g.Address)
	c.Send(get)
	c.Head() // arrives before the first event
	for _, event := range []string{"data: 1\n", "data: 2\n"} {
		next <- event // the origin sends no more until this one has arrived
		chunk := make([]byte, len("8\r\n")+8+2)
		if _, err := io.ReadFull(c.In, chunk); err != nil || string(chunk) != "8\r\n"+event+"\r\n" {
			t.Fatalf("got %q, %v", chunk, err)
		}
	}
	close(next)
	if rest, _ := c.In.ReadString('\n'); rest != "0\r\n" {
		t.Errorf("the stream ended with %q", rest)
	}
}

func TestInterimAnswersAndTrailers(t *testing.T) {
	answer := "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\nTrailer: X-Sum, X-Other\r\n" +
		"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 9\r\nX-Other: 8\r\n\r\n"
	origin := gatewaytest.NewOrigin(t, gatewaytest.Always(answer))
	g := gatewaytest.Start(t, oneRoute(origin.URL, "trailers: [X-Sum]"))
	c := gatewaytest.Dial(t, g.Address)
	c.Send(get)
	if head := c.Head(); !strings.HasPrefix(head, "HTTP/1.1 103 ") || !strings.Contains(head, "Link: </a.css>\r\n") {
		t.Errorf("interim answer:\n%s", head)
	}
	a := c.Read("GET")
	if a.Text != "ok" || a.Trailer.Get("X-Sum") != "9" || a.Trailer.Get("X-Other") != "" || a.Header.Get("Link") != "" {
		t.Errorf("got %q, trailers %v, header %v; want the listed trailer alone", a.Text, a.Trailer, a.Header)
	}

	old := through(t, "GET / HTTP/1.0\r\nHost: a.example\r\n\r\n", "HTTP/1.1 103 Early Hints\r\n\r\n"+gatewaytest.OK("ok"))
	if a := old.Read("GET"); a.StatusCode != 200 {
		t.Errorf("an HTTP/1.0 client got %d first", a.StatusCode)
	}
}

func TestUnaskedUpgradeIsRefused(t *testing.T) {
	c := through(t, get, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	if a := c.Read("GET"); a.StatusCode != 502 || !strings.Contains(a.Header.Get("Proxy-Status"), "http_upgrade_failed") {
		t.Errorf("got %d, Proxy-Status %q", a.StatusCode, a.Header.Get("Proxy-Status"))
	}
}

func TestLargeAnswerHeadsPass(t *testing.T) {
	for _, size := range []int{4000, 8100, 8192, 9000, 31_000} {
		c := through(t, get, "HTTP/1.1 200 OK\r\nX-Large: "+strings.Repeat("x", size)+"\r\nContent-Length: 2\r\n\r\nok")
		if a := c.Read("GET"); a.Text != "ok" || len(a.Header.Get("X-Large")) != size {
			t.Errorf("%d bytes: got %d %q with %d bytes", size, a.StatusCode, a.Text, len(a.Header.Get("X-Large")))
		}
	}
}
