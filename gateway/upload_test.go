package gateway_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"penstock/gateway/gatewaytest"
)

// sink returns a script that responds to every request with the length and checksum of its
// body, and sends an error to cut for each body that ended early.
func sink(cut chan<- error) func(p *gatewaytest.Peer) {
	return func(p *gatewaytest.Peer) {
		for {
			r, err := http.ReadRequest(p.In)
			if err != nil {
				return
			}
			sum := sha256.New()
			n, err := io.Copy(sum, r.Body)
			if err != nil {
				cut <- err
				return
			}
			_, _ = io.WriteString(p, gatewaytest.OK(strconv.FormatInt(n, 10)+" "+hex.EncodeToString(sum.Sum(nil))+" "+r.Trailer.Get("X-Sum")))
		}
	}
}

func sumOf(body string) string {
	sum := sha256.Sum256([]byte(body))
	return strconv.Itoa(len(body)) + " " + hex.EncodeToString(sum[:]) + " "
}

func TestUploadsArriveWhole(t *testing.T) {
	origin := gatewaytest.NewOrigin(t, sink(nil))
	g := gatewaytest.Start(t, "limits: { body: off }\n"+oneRoute(origin.URL))
	c := gatewaytest.Dial(t, g.Address)
	for _, size := range []int{0, 1, 5000, 64 << 10, 64<<10 + 1, 3 << 20} {
		body := strings.Repeat("x1y2", size/4+1)[:size]
		c.Send("POST /s HTTP/1.1\r\nHost: a\r\nContent-Length: " + strconv.Itoa(size) + "\r\n\r\n" + body)
		if a := c.Read("POST"); a.Text != sumOf(body) {
			t.Errorf("sized, %d bytes: got %d %q", size, a.StatusCode, a.Text)
		}
		c.Send("POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
		for rest := body; rest != ""; {
			n := min(len(rest), 70_000)
			c.Send(strconv.FormatInt(int64(n), 16) + "\r\n" + rest[:n] + "\r\n")
			rest = rest[n:]
		}
		c.Send("0\r\n\r\n")
		if a := c.Read("POST"); a.Text != sumOf(body) {
			t.Errorf("chunked, %d bytes: got %d %q", size, a.StatusCode, a.Text)
		}
	}
}

func TestUploadsCutByTheClientNeverLookComplete(t *testing.T) {
	cut := make(chan error, 1)
	origin := gatewaytest.NewOrigin(t, sink(cut))
	g := gatewaytest.Start(t, oneRoute(origin.URL))
	// The bytes before the cut are so many that the gateway has sent the request already.
	chunked := "Transfer-Encoding: chunked\r\n\r\n186a0\r\n" + strings.Repeat("x", 100_000) + "\r\n5\r\nhello"
	for name, raw := range map[string]string{
		"sized":                    "Content-Length: 200000\r\n\r\n" + strings.Repeat("x", 100_000),
		"chunked, inside a chunk":  chunked + "\r\nff\r\nabc",
		"chunked, between chunks":  chunked + "\r\n",
		"chunked, after the 0":     chunked + "\r\n0\r\n",
		"chunked, broken framing":  chunked + "XX0\r\n\r\n",
		"chunked, negative length": chunked + "\r\n-1\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			c := gatewaytest.Dial(t, g.Address)
			c.Send("POST / HTTP/1.1\r\nHost: a\r\n" + raw)
			closeWrite(t, c)
			if err := <-cut; err == nil {
				t.Errorf("the origin saw a complete body")
			}
			if a, err := c.TryRead("POST"); err == nil && a.StatusCode < 400 {
				t.Errorf("the client got %d", a.StatusCode)
			}
		})
	}
}

func TestSmallUploadCutNeverReachesTheOrigin(t *testing.T) {
	origin := gatewaytest.NewOrigin(t, sink(nil))
	g := gatewaytest.Start(t, oneRoute(origin.URL))
	for _, raw := range []string{
		"Content-Length: 10\r\n\r\nhello",
		"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nff\r\nabc",
		"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
		"Transfer-Encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n",
	} {
		c := gatewaytest.Dial(t, g.Address)
		c.Send("POST / HTTP/1.1\r\nHost: a\r\n" + raw)
		closeWrite(t, c)
		if a := c.Read("POST"); a.StatusCode != 400 || !a.Close {
			t.Errorf("%q: got %d, close %v; want 400 and close", raw, a.StatusCode, a.Close)
		}
	}
	if n := origin.Connections(); n != 0 {
		t.Errorf("the origin saw %d connections", n)
	}
}

func TestBodyLimit(t *testing.T) {
	cut := make(chan error, 1)
	origin := gatewaytest.NewOrigin(t, sink(cut))
	g := gatewaytest.Start(t, "limits: { body: 100KiB }\n"+oneRoute(origin.URL))

	for _, begun := range []string{"", "x"} {
		c := gatewaytest.Dial(t, g.Address)
		c.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 102401\r\n\r\n" + begun)
		if a := c.Read("POST"); a.StatusCode != 413 || !a.Close {
			t.Errorf("sized, %d bytes sent: got %d, close %v; want 413 and close", len(begun), a.StatusCode, a.Close)
		}
	}

	c := gatewaytest.Dial(t, g.Address)
	c.Send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n19001\r\n" + strings.Repeat("x", 0x19001) + "\r\n0\r\n\r\n")
	if a := c.Read("POST"); a.StatusCode != 413 || !a.Close {
		t.Errorf("chunked: got %d, close %v; want 413 and close", a.StatusCode, a.Close)
	}
	if err := <-cut; err == nil {
		t.Errorf("the origin saw a complete body")
	}

	c = gatewaytest.Dial(t, g.Address)
	c.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\nExpect: 100-continue\r\n\r\n")
	if a := c.Read("POST"); a.StatusCode != 413 {
		t.Errorf("expecting: got %d before the body was sent; want 413", a.StatusCode)
	}
}

func TestExpectContinue(t *testing.T) {
	heads := make(chan string, 1)
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		head, err := p.Head()
		if err != nil {
			return
		}
		heads <- head
		_, _ = io.CopyN(io.Discard, p.In, 5)
		_, _ = io.WriteString(p, gatewaytest.OK("done"))
	})
	g := gatewaytest.Start(t, oneRoute(origin.URL))
	c := gatewaytest.Dial(t, g.Address)
	c.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
	if head := c.Head(); !strings.HasPrefix(head, "HTTP/1.1 100 ") {
		t.Fatalf("first came\n%s", head)
	}
	c.Send("hello")
	if a := c.Read("POST"); a.Text != "done" {
		t.Errorf("got %d %q", a.StatusCode, a.Text)
	}
	if head := <-heads; strings.Contains(head, "Expect") {
		t.Errorf("Expect went on:\n%s", head)
	}

	c = gatewaytest.Dial(t, g.Address)
	c.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: miracles\r\n\r\nhello")
	if a := c.Read("POST"); a.StatusCode != 417 {
		t.Errorf("another expectation: got %d, want 417", a.StatusCode)
	}
}

func TestEarlyAnswerDuringAnUploadIsDelivered(t *testing.T) {
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		if _, err := p.Head(); err == nil {
			_, _ = io.WriteString(p, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
		}
	})
	g := gatewaytest.Start(t, "limits: { body: off }\n"+oneRoute(origin.URL))
	c := gatewaytest.Dial(t, g.Address)
	c.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n" + strings.Repeat("x", 100_000))
	if a := c.Read("POST"); a.StatusCode != 401 || a.Text != "no" || !a.Close {
		t.Errorf("got %d %q, close %v; want the origin's 401 and close", a.StatusCode, a.Text, a.Close)
	}
}

func TestRequestTrailersPassByName(t *testing.T) {
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		if _, err := p.Head(); err != nil {
			return
		}
		body, _ := p.Head() // reads the chunks as lines, up to the empty line after the trailers
		_, _ = io.WriteString(p, gatewaytest.OK(body))
	})
	g := gatewaytest.Start(t, oneRoute(origin.URL, "trailers: [X-Sum]"))
	c := gatewaytest.Dial(t, g.Address)
	c.Send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum, X-Else\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 9\r\nX-Else: 1\r\n\r\n")
	if a := c.Read("POST"); a.Text != "2\r\nok\r\n0\r\nX-Sum: 9\r\n\r\n" {
		t.Errorf("the origin read %q", a.Text)
	}
}

func closeWrite(t *testing.T, c *gatewaytest.Client) {
	t.Helper()
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		t.Fatal("cannot end the client's direction")
	}
}
