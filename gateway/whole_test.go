package gateway_test

import (
	"io"
	"testing"

	"penstock/gateway/gatewaytest"
)

// wholeCase is a request, what the backend says, and what the client must get.
type wholeCase struct{ name, request, answer, want string }

func wholeCases() []wholeCase {
	const date = "Date: Tue, 15 Nov 1994 08:12:31 GMT\r\n"
	const disorder = "HTTP/1.1 203 Rather Odd\r\nx-b: 2\r\n" + date + "Set-Cookie: a=1\r\nx-a: 1\r\nSet-Cookie: b=2\r\nx-b: 0\r\n"
	simple := func(status, more string) string { return "HTTP/1.1 " + status + "\r\n" + date + more }
	return []wholeCase{
		{
			"sized, fields in the order received", "GET /0 HTTP/1.1\r\nHost: a\r\n\r\n",
			disorder + "Content-Length: 5\r\nserver: o\r\n\r\nhello", disorder + "server: o\r\nContent-Length: 5\r\n\r\nhello",
		},
		{
			"empty", "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n",
			simple("404 Not Found", "Content-Length: 0\r\n\r\n"), simple("404 Not Found", "Content-Length: 0\r\n\r\n"),
		},
		{
			"chunked, but here at once", "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
			simple("200 OK", "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"),
			simple("200 OK", "Content-Length: 5\r\n\r\nhello"),
		},
		{
			"HEAD tells the length of what it has not (RFC 9110 §9.3.2)", "HEAD /3 HTTP/1.1\r\nHost: a\r\n\r\n",
			simple("200 OK", "Content-Length: 77\r\n\r\n"), simple("200 OK", "Content-Length: 77\r\n\r\n"),
		},
		{
			"204 has no length (RFC 9110 §8.6)", "GET /4 HTTP/1.1\r\nHost: a\r\n\r\n",
			simple("204 No Content", "\r\n"), simple("204 No Content", "\r\n"),
		},
		{
			"304", "GET /5 HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"x\"\r\n\r\n",
			simple("304 Not Modified", "ETag: \"x\"\r\n\r\n"), simple("304 Not Modified", "ETag: \"x\"\r\n\r\n"),
		},
		{
			"to a request with a body", "POST /6 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody",
			simple("201 ", "Content-Length: 2\r\n\r\nok"), simple("201 ", "Content-Length: 2\r\n\r\nok"),
		},
		{
			"the last one, by the client's wish (RFC 9112 §9.6)", "GET /7 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
			simple("200 OK", "Content-Length: 2\r\n\r\nok"), simple("200 OK", "Content-Length: 2\r\nConnection: close\r\n\r\nok"),
		},
	}
}

// The gateway writes small responses itself and suppresses the empty ones that fasthttp makes.
// The test compares all bytes of a connection: only the gateway's responses, in order.
func TestSmallAnswersAreTheBackendsOwnBytes(t *testing.T) {
	cases := wholeCases()
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		for {
			r, err := p.Request()
			if err != nil {
				return
			}
			if _, err := io.WriteString(p, cases[r.URL.Path[1]-'0'].answer); err != nil {
				return
			}
		}
	})
	g := gatewaytest.Start(t, oneRoute(origin.URL, "answers: { request_id: off }"))
	all, want := "", ""
	for _, tc := range cases {
		all, want = all+tc.request, want+tc.want
	}
	t.Run("pipelined", func(t *testing.T) {
		c := gatewaytest.Dial(t, g.Address)
		c.Send(all)
		if got, err := io.ReadAll(c.In); err != nil || string(got) != want {
			t.Errorf("got %v\n%s\nwant\n%s", err, got, want)
		}
	})
	t.Run("one by one", func(t *testing.T) {
		c := gatewaytest.Dial(t, g.Address)
		for _, tc := range cases {
			c.Send(tc.request)
			got := make([]byte, len(tc.want))
			if _, err := io.ReadFull(c.In, got); err != nil || string(got) != tc.want {
				t.Errorf("%s: got %v\n%s\nwant\n%s", tc.name, err, got, tc.want)
			}
		}
		if !c.Closed() {
			t.Error("the connection lives on after Connection: close")
		}
	})
}

// A response to an HTTP/1.0 client says that its connection stays open (RFC 9112 §9.3).
func TestSmallAnswerToHTTP10(t *testing.T) {
	origin := gatewaytest.NewOrigin(t, gatewaytest.Always(gatewaytest.OK("ok")))
	g := gatewaytest.Start(t, oneRoute(origin.URL))
	c := gatewaytest.Dial(t, g.Address)
	for range 2 {
		c.Send("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n")
		if a := c.Read("GET"); a.Header.Get("Connection") != "keep-alive" || a.Text != "ok" {
			t.Fatalf("got Connection %q and %q, want keep-alive and ok", a.Header.Get("Connection"), a.Text)
		}
	}
}
