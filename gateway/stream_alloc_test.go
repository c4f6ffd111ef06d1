//go:build !race

package gateway_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"penstock/gateway/gatewaytest"
)

// streamed is an exchange of which the gateway streams one body. Client and origin recognise
// the end of a message by its last bytes.
type streamed struct {
	request, requestEnd string
	answer, answerEnd   string
	most                float64 // allocations an exchange
}

// streams are the kinds of bodies that are not read whole. An upload has a goroutine, its
// state and a channel; fasthttp makes a writer of chunks.
func streams() map[string]streamed {
	get := "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"
	post := "POST / HTTP/1.1\r\nHost: a.example\r\n"
	head := "HTTP/1.1 200 OK\r\nDate: " + time.Now().UTC().Format(http.TimeFormat) + "\r\n"
	body := strings.Repeat("x", 100<<10-4) + "last"
	chunked := "Transfer-Encoding: chunked\r\n\r\n19000\r\n" + body + "\r\n0\r\n\r\n"
	ok := head + "Content-Length: 2\r\n\r\nok"
	return map[string]streamed{
		"answer of 100 KiB, sized":   {get, "\r\n\r\n", head + "Content-Length: 102400\r\n\r\n" + body, "last", 0},
		"answer of 100 KiB, chunked": {get, "\r\n\r\n", head + chunked, "0\r\n\r\n", 1},
		"upload of 100 KiB, sized":   {post + "Content-Length: 102400\r\n\r\n" + body, "last", ok, "ok", 3},
		"upload of 100 KiB, chunked": {post + chunked, "0\r\n\r\n", ok, "ok", 4},
	}
}

// exchange is one of them, again and again, over an origin and a client that do not allocate.
func (s streamed) exchange(t testing.TB) func() {
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		answer, end, buf := []byte(s.answer), []byte(s.requestEnd), make([]byte, 256<<10)
		for until(p.Conn, buf, end) {
			if _, err := p.Write(answer); err != nil {
				return
			}
		}
	})
	g := gatewaytest.Start(t, oneRoute(origin.URL))
	c := gatewaytest.Dial(t, g.Address)
	request, end, buf := []byte(s.request), []byte(s.answerEnd), make([]byte, 256<<10)
	return func() {
		if _, err := c.Write(request); err != nil {
			t.Fatal(err)
		}
		if !until(c.Conn, buf, end) {
			t.Fatal("the connection ended before the answer did")
		}
	}
}

// until reads into buf until what was read ends with end.
func until(c interface{ Read([]byte) (int, error) }, buf, end []byte) bool {
	for got := 0; ; {
		n, err := c.Read(buf[got:])
		if got += n; bytes.HasSuffix(buf[:got], end) {
			return true
		}
		if err != nil || got == len(buf) {
			return false
		}
	}
}

func TestStreamsAllocateLittle(t *testing.T) {
	for name, s := range streams() {
		t.Run(name, func(t *testing.T) {
			once := s.exchange(t)
			for range 20 {
				once()
			}
			n := testing.AllocsPerRun(500, once)
			t.Logf("%v allocations", n)
			if n > s.most {
				t.Errorf("%v allocations an exchange, want at most %v", n, s.most)
			}
		})
	}
}

func BenchmarkStream(b *testing.B) {
	for name, s := range streams() {
		b.Run(name, func(b *testing.B) {
			once := s.exchange(b)
			once()
			b.ReportAllocs()
			b.SetBytes(100 << 10)
			for b.Loop() {
				once()
			}
		})
	}
}
