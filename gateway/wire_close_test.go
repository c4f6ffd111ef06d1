package gateway_test

import (
	"bytes"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"

	"penstock/gateway/gatewaytest"
)

// A bare LF ends no head, not even one without a field.
func TestBareLFEndsNoHead(t *testing.T) {
	g := gatewaytest.Start(t, fixed("hi"))
	for _, head := range []string{"GET / HTTP/1.0\r\n\n", "GET / HTTP/1.1\r\nHost: a\r\n\n", "GET / HTTP/1.1\nHost: a\r\n\r\n", "\n", "\r\n\n"} {
		c := gatewaytest.Dial(t, g.Address)
		c.Send(head + "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n")
		if all, _ := io.ReadAll(c.In); bytes.Contains(all, []byte(" 200 ")) {
			t.Errorf("%q was answered: %q", head, all)
		}
	}
}

// Bytes after the last request of a connection must not destroy the response: a kernel that
// closes a socket with unread input discards the output that it has not sent yet.
func TestBytesBehindTheLastRequestKeepTheAnswer(t *testing.T) {
	body := strings.Repeat("x", 256<<10)
	sentAll := make(chan struct{}, 1)
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		for {
			if _, err := p.Request(); err != nil {
				return
			}
			<-sentAll
			_, _ = io.WriteString(p, gatewaytest.OK(body))
		}
	})
	g := gatewaytest.Start(t, oneRoute(origin.URL))
	next := "GET /next HTTP/1.1\r\nHost: a\r\n\r\n"
	done := 0
	for name, sent := range map[string][2]string{
		"a line end behind a body":         {"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\n\r\n", "hello\r\n"},
		"a request in the same segment":    {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + next, ""},
		"a request in another one":         {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", next},
		"a request behind one of HTTP/1.0": {"GET / HTTP/1.0\r\nHost: a\r\n\r\n", next},
	} {
		t.Run(name, func(t *testing.T) {
			c := gatewaytest.Dial(t, g.Address)
			_ = c.Conn.(*net.TCPConn).SetReadBuffer(64 << 10)
			c.Send(sent[0])
			c.Send(sent[1])
			sentAll <- struct{}{}
			done++
			gatewaytest.Eventually(t, "the answer to be written", func() bool {
				return g.Count(`penstock_requests_total{route="/*",code="200",class="2xx"}`) == strconv.Itoa(done)
			})
			if a := c.Read("POST"); a.Err != nil || len(a.Text) != len(body) {
				t.Errorf("got %d of %d bytes: %v", len(a.Text), len(body), a.Err)
			}
		})
	}
}

// A refusal of the gateway's own, given to Expect: 100-continue, reaches a client
// that did not wait for it.
func TestRefusedExpectationReachesClientThatOnlyWrites(t *testing.T) {
	g := gatewaytest.Start(t, "routes: [{ path: /here, respond: { status: 200, body: hi } }]\n")
	body := strings.Repeat("x", 12<<20)
	c := gatewaytest.Dial(t, g.Address)
	c.Send("POST /elsewhere HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)
	if a := c.Read("POST"); a.StatusCode != 404 || a.Err != nil || !a.Close {
		t.Errorf("got %d, close %v: %v", a.StatusCode, a.Close, a.Err)
	}
}

// A body that was invited and does not come is one request, recorded once.
func TestInvitedBodyThatDoesNotComeCountsOnce(t *testing.T) {
	origin := gatewaytest.NewOrigin(t, gatewaytest.Always(gatewaytest.OK("ok")))
	for reason, leave := range map[string]func(c *gatewaytest.Client){
		"body-incomplete": func(c *gatewaytest.Client) { _ = c.Conn.(*net.TCPConn).CloseWrite() },
		"body-stalled":    func(*gatewaytest.Client) {},
	} {
		g := gatewaytest.Start(t, "timeouts: { body_idle: 200ms }\n"+oneRoute(origin.URL))
		c := gatewaytest.Dial(t, g.Address)
		c.Send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
		if head := c.Head(); !strings.HasPrefix(head, "HTTP/1.1 100 ") {
			t.Fatalf("got %q", head)
		}
		leave(c)
		a := c.Read("POST")
		if !strings.Contains(a.Text, `"`+reason+`"`) || !a.Close {
			t.Errorf("%s: got %d %s, close %v", reason, a.StatusCode, a.Text, a.Close)
		}
		_ = c.Close()
		g.Stop()
		var out strings.Builder
		g.Metrics.WritePrometheus(&out)
		want := `penstock_requests_total{route="/*",code="` + strconv.Itoa(a.StatusCode) + `",class="4xx"} 1`
		if strings.Count(out.String(), "\npenstock_requests_total{") != 1 || !strings.Contains(out.String(), want) {
			t.Errorf("%s: the metrics have no or more than\n%s", reason, want)
		}
	}
}

func TestBodyCutBeforeItsFirstByteIsNoBadHead(t *testing.T) {
	origin := gatewaytest.NewOrigin(t, gatewaytest.Always(gatewaytest.OK("ok")))
	g := gatewaytest.Start(t, oneRoute(origin.URL))
	c := gatewaytest.Dial(t, g.Address)
	c.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n")
	_ = c.Conn.(*net.TCPConn).CloseWrite()
	if a := c.Read("POST"); !strings.Contains(a.Text, `"body-incomplete"`) {
		t.Errorf("got %d %s", a.StatusCode, a.Text)
	}
}

// A client gets no 100 Continue when the response does not need the request body.
func TestAnswerThatNeedsNoBodyInvitesNone(t *testing.T) {
	g := gatewaytest.Start(t, fixed("hi"))
	c := gatewaytest.Dial(t, g.Address)
	c.Send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
	if head := c.Head(); !strings.HasPrefix(head, "HTTP/1.1 200 ") || !strings.Contains(head, "Connection: close") {
		t.Errorf("got %q", head)
	}
}

// The backend sends a long response and resets the upload. The gateway then neither waits for
// the rest of the body nor takes it for a request.
func TestUploadThatBrokeBeforeTheAnswerEndsTheConnection(t *testing.T) {
	body := strings.Repeat("y", 40<<10)
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		if _, err := p.Head(); err == nil {
			early := strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", 8)
			_, _ = io.WriteString(p, early+"HTTP/1.1 403 No\r\nContent-Length: "+strconv.Itoa(len(body))+"\r\n\r\n"+body)
			p.Reset()
		}
	})
	g := gatewaytest.Start(t, "limits: { body: off }\n"+oneRoute(origin.URL))
	upload := strings.Repeat("x", 1<<20)
	for range 20 {
		c := gatewaytest.Dial(t, g.Address)
		c.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + strconv.Itoa(8<<20) + "\r\n\r\n" + upload)
		for {
			a, err := c.TryRead("POST")
			if err != nil {
				break // the response of the backend was lost with its connection
			}
			if a.StatusCode >= 200 {
				if !a.Close {
					t.Fatalf("got %d without close", a.StatusCode)
				}
				break
			}
		}
		_ = c.Close()
	}
}
