package upstream

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"penstock/conn"
	"penstock/exchange"
	"penstock/lb"
)

// canned is a connection on which the response lies ready and then ends.
type canned struct {
	net.Conn
	answer *bytes.Reader
}

func (c canned) Read(p []byte) (int, error)       { return c.answer.Read(p) }
func (c canned) Write(p []byte) (int, error)      { return len(p), nil }
func (c canned) Close() error                     { return nil }
func (c canned) SetReadDeadline(time.Time) error  { return nil }
func (c canned) SetWriteDeadline(time.Time) error { return nil }

// FuzzAnswer gives the round trip foreign bytes for a response. If it takes them for a
// complete response, net/http must read the same; and it must keep the
// connection only when not a byte is left on it.
func FuzzAnswer(f *testing.F) {
	for _, answer := range []string{
		ok, "HTTP/1.1 100 Continue\r\n\r\n" + ok, "HTTP/1.0 200 OK\r\n\r\nall", ok + "surplus",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX-A: b\r\n\r\n",
		"HTTP/1.1 204 No Content\r\nContent-Length: 1\r\n\r\n", "HTTP/1.1 200\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
		"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 101 X\r\nUpgrade: a\r\n\r\n",
	} {
		f.Add([]byte(answer), false)
		f.Add([]byte(answer), true)
	}
	sweeper := conn.NewSweeper(time.Hour)
	f.Fuzz(func(t *testing.T, answer []byte, head bool) {
		left := bytes.NewReader(answer)
		c := newClient(clientOptions{
			Backend: lb.NewBackend("canned", 0), Now: time.Now,
			Dial: func(time.Duration) (*conn.Conn, error) { return conn.New(canned{answer: left}, sweeper), nil },
			Pool: PoolOptions{Max: 1, Idle: 1, IdleTimeout: time.Millisecond, MaxAge: -1},
		})
		req := &Request{Method: []byte("GET"), Target: []byte("/")}
		if head {
			req.Method = []byte("HEAD")
		}
		var resp Response
		var at exchange.Attempt
		defer func() {
			resp.Reset()
			if c.pool.slots.count() != 0 {
				t.Error("a slot is still taken")
			}
			c.Close()
		}()
		if c.RoundTrip(req, &resp, &at) != nil {
			return
		}
		body, err := resp.Buffered, error(nil)
		if resp.Body != nil {
			body, err = io.ReadAll(resp.Body)
		}
		if _, idle, _ := c.Stats(); idle == 1 && (err != nil || left.Len() > 0) {
			t.Errorf("%q: kept the connection after %v with %d bytes left", answer, err, left.Len())
		}
		if err == nil {
			sameAnswer(t, answer, head, resp.Status, body)
		}
	})
}

// sameAnswer compares with what net/http, which is laxer, makes of the bytes.
func sameAnswer(t *testing.T, answer []byte, head bool, status int, body []byte) {
	br := bufio.NewReader(bytes.NewReader(answer))
	r := &http.Request{Method: http.MethodGet}
	if head {
		r.Method = http.MethodHead
	}
	for {
		resp, err := http.ReadResponse(br, r)
		if err != nil && (strings.Contains(err.Error(), "Content-Length") || strings.Contains(err.Error(), "transfer encoding")) {
			return // it judges the framing of 204 and 1xx too, and 3 differs from 03 to it
		}
		if err != nil {
			t.Fatalf("%q: taken as %d, refused by net/http: %v", answer, status, err)
		}
		if resp.StatusCode < 200 {
			continue
		}
		want, err := io.ReadAll(resp.Body)
		if resp.StatusCode != status || err != nil || !bytes.Equal(body, want) {
			t.Errorf("%q: got %d %q; net/http reads %d %q, %v", answer, status, body, resp.StatusCode, want, err)
		}
		return
	}
}
