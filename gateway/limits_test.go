package gateway_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"penstock/gateway/gatewaytest"
)

func TestRefusedRequestsDoNotCountAgainstTheLimit(t *testing.T) {
	release, in := make(chan struct{}), make(chan struct{})
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		for {
			if _, err := p.Request(); err != nil {
				return
			}
			select {
			case in <- struct{}{}:
				<-release
			case <-release:
			}
			_, _ = io.WriteString(p, gatewaytest.OK("ok"))
		}
	})
	g := gatewaytest.Start(t, "limits: { requests: 2 }\n"+oneRoute(origin.URL))
	var held []*gatewaytest.Client
	for range 2 {
		c := gatewaytest.Dial(t, g.Address)
		c.Send(get)
		held = append(held, c)
		<-in
	}
	for _, framing := range []string{"Content-Length: 9\r\n\r\n1", "Transfer-Encoding: chunked\r\n\r\n"} {
		c := gatewaytest.Dial(t, g.Address) // announces a body that never comes
		c.Send("POST / HTTP/1.1\r\nHost: a\r\n" + framing)
		if a := c.Read("POST"); a.StatusCode != 503 || a.Header.Get("Retry-After") == "" || !a.Close {
			t.Errorf("above the limit: %d %v, close %v", a.StatusCode, a.Header, a.Close)
		}
	}
	close(release)
	for _, c := range held {
		if a := c.Read("GET"); a.StatusCode != 200 {
			t.Errorf("held: %d", a.StatusCode)
		}
	}
	freed := time.Now()
	gatewaytest.Eventually(t, "a request to be admitted again", func() bool {
		return gatewaytest.Get(t, g.Address, "/").StatusCode == 200
	})
	if took := time.Since(freed); took > 5*time.Second { // half the time that an unread body could be waited for
		t.Errorf("requests were refused for %v after the limit was free again", took)
	}
}

func TestBodyThatNeverBeginsIsBoundByBodyIdle(t *testing.T) {
	origin := gatewaytest.NewOrigin(t, gatewaytest.Always(gatewaytest.OK("ok")))
	g := gatewaytest.Start(t, "timeouts: { body_idle: 50ms }\n"+oneRoute(origin.URL))
	for name, field := range map[string]string{
		"sized": "Content-Length: 5", "chunked": "Transfer-Encoding: chunked",
		"sized, invited": "Expect: 100-continue\r\nContent-Length: 5",
	} {
		t.Run(name, func(t *testing.T) {
			c := gatewaytest.Dial(t, g.Address)
			_ = c.SetDeadline(time.Now().Add(5 * time.Second)) // half the time that a head may take
			c.Send("POST / HTTP/1.1\r\nHost: a\r\n" + field + "\r\n\r\n")
			if strings.HasPrefix(field, "Expect") {
				c.Head()
			}
			if a := c.Read("POST"); a.StatusCode != 408 || !strings.Contains(a.Text, "body-stalled") || !a.Close {
				t.Errorf("got %d %s, close %v", a.StatusCode, a.Text, a.Close)
			}
		})
	}
}

func TestDeadlineOfAnAnswerDoesNotEndTheNext(t *testing.T) {
	t.Parallel()
	const idle = 50 * time.Millisecond
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		for {
			r, err := p.Request()
			if err != nil {
				return
			}
			if r.URL.Path == "/large" {
				_, _ = io.WriteString(p, gatewaytest.OK(strings.Repeat("x", 200_000)))
			} else {
				_, _ = io.WriteString(p, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"+gatewaytest.OK("ok"))
			}
		}
	})
	g := gatewaytest.Start(t, "timeouts: { body_idle: 50ms }\n"+oneRoute(origin.URL))
	for name, second := range map[string]string{
		"a streamed answer": "GET /large HTTP/1.1\r\nHost: a\r\n\r\n",
		"an interim answer": "GET /small HTTP/1.1\r\nHost: a\r\n\r\n",
		"an invited body":   "POST /large HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi",
		"a refusal":         "GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			c := gatewaytest.Dial(t, g.Address)
			c.Send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
			c.Read("GET")
			written := time.Now()
			gatewaytest.Eventually(t, "the deadline of the first answer to pass", func() bool { return time.Since(written) > 8*idle })
			c.Send(second)
			for {
				a, err := c.TryRead("GET")
				if err != nil || a.Err != nil {
					t.Fatalf("no whole answer: %v, %v", err, a.Err)
				}
				if a.StatusCode >= 200 {
					return
				}
			}
		})
	}
}
