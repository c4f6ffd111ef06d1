package upstream

import (
	"io"
	"testing"
	"time"

	"penstock/headers"
)

func TestRequestOnTheWire(t *testing.T) {
	body := func(kind headers.BodyKind, bytes string) Body {
		return Body{Framing: headers.Framing{Kind: kind, Length: int64(len(bytes))}, Bytes: []byte(bytes)}
	}
	for _, tc := range []struct {
		name   string
		change func(*Request)
		want   string
	}{
		{"the target goes byte for byte", func(r *Request) { r.Target = []byte("//a//b/../%2e?") },
			"GET //a//b/../%2e? HTTP/1.1\r\nHost: a.example\r\n\r\n"},
		{"an empty Host is sent (9112 §3.2)", func(r *Request) { r.Host = nil },
			"GET / HTTP/1.1\r\nHost: \r\n\r\n"},
		{"fields follow as given", func(r *Request) { r.Fields = []byte("X-B: 2\r\nx-a: 1\r\n") },
			"GET / HTTP/1.1\r\nHost: a.example\r\nX-B: 2\r\nx-a: 1\r\n\r\n"},
		{"a body at hand goes in the same write", func(r *Request) { r.Body = body(headers.Sized, "hello") },
			"GET / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n\r\nhello"},
		{"an empty body has a length (9110 §8.6)", func(r *Request) { r.Body = body(headers.Sized, "") },
			"GET / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0\r\n\r\n"},
		{"a chunked body at hand is sized", func(r *Request) { r.Body = body(headers.Chunked, "abc") },
			"GET / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n\r\nabc"},
		{"an upgrade names itself (9110 §7.8)", func(r *Request) { r.Upgrade = []byte("websocket") },
			"GET / HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"},
		{"a fresh connection is announced to end", func(r *Request) { r.Fresh = true },
			"GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			first := make(chan string, 1)
			s := newScript(t, func(p *peer) {
				buf := make([]byte, 4<<10)
				n, _ := p.Read(buf) // one write of ours is one read here: it is small
				first <- string(buf[:n])
				p.say(ok)
				_, _ = p.rest()
			})
			req := request("GET", "/")
			tc.change(req)
			tr := mustTry(t, clientOf(t, s), req)
			if got := within(t, "request", first); got != tc.want {
				t.Errorf("backend read %q, want %q", got, tc.want)
			}
			if got := string(tr.resp.Buffered); got != "ok" || tr.resp.Status != 200 {
				t.Errorf("answer: got %d %q, want 200 ok", tr.resp.Status, got)
			}
		})
	}
}

func TestAnswersByFraming(t *testing.T) {
	for _, tc := range []struct {
		name, method, answer string
		status               int
		body                 string
		kept                 int // idle connections afterwards
	}{
		{"sized", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", 200, "abc", 1},
		{"empty", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, "", 1},
		{"chunked that came whole", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n", 200, "abc", 1},
		{"204 has no body (9112 §6.3)", "GET", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", 204, "", 1},
		{"304 has no body (9112 §6.3)", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, "", 1},
		{"HEAD has no body (9112 §6.3)", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200, "", 1},
		{"HEAD answered with a body: surplus", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "", 0},
		{"surplus behind a sized body", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 200 OK\r\n", 200, "abc", 0},
		{"surplus behind a chunked body", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX", 200, "", 0},
		{"Connection: close", "GET", "HTTP/1.1 200 OK\r\nConnection: foo, Close\r\nContent-Length: 3\r\n\r\nabc", 200, "abc", 0},
		{"HTTP/1.0", "GET", "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc", 200, "abc", 0},
		{"HTTP/1.0 that keeps the connection", "GET", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nabc", 200, "abc", 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := clientOf(t, newScript(t, always(tc.answer)))
			tr := mustTry(t, c, request(tc.method, "/"))
			if tr.resp.Status != tc.status || tr.resp.Body != nil || string(tr.resp.Buffered) != tc.body {
				t.Errorf("got %d, stream %t, %q; want %d whole with %q", tr.resp.Status, tr.resp.Body != nil, tr.resp.Buffered, tc.status, tc.body)
			}
			if tr.at.Received != int64(len(tc.body)) || tr.at.Status != tc.status {
				t.Errorf("attempt: %d bytes, status %d; want %d and %d", tr.at.Received, tr.at.Status, len(tc.body), tc.status)
			}
			wantStats(t, c, tc.kept, tc.kept)
		})
	}
}

func TestAnswerUntilClose(t *testing.T) {
	s := newScript(t, func(p *peer) {
		p.head()
		p.say("HTTP/1.0 200 OK\r\n\r\nall of it")
	})
	c := clientOf(t, s)
	tr := mustTry(t, c, request("GET", "/"))
	if tr.resp.Body == nil {
		t.Fatal("a body of unknown length was not streamed")
	}
	got, err := io.ReadAll(tr.resp.Body)
	if err != nil || string(got) != "all of it" {
		t.Errorf("got %q, %v; want the whole body", got, err)
	}
	wantStats(t, c, 0, 0)
}

func TestConnectionIsReused(t *testing.T) {
	s := newScript(t, always(ok))
	c := clientOf(t, s)
	first := mustTry(t, c, request("GET", "/1"))
	second := mustTry(t, c, request("GET", "/2"))
	if first.at.Reused || !second.at.Reused || s.Connections() != 1 {
		t.Errorf("reused: first %t, second %t over %d connections; want false, true, 1", first.at.Reused, second.at.Reused, s.Connections())
	}
	if first.at.Connect <= 0 || second.at.Connect != 0 || second.at.FirstByte <= 0 || second.at.Took < second.at.FirstByte {
		t.Errorf("times: connect %v then %v, first byte %v, took %v", first.at.Connect, second.at.Connect, second.at.FirstByte, second.at.Took)
	}
	wantStats(t, c, 1, 1)
}

func TestResponseIsReusable(t *testing.T) {
	s := newScript(t, func(p *peer) {
		p.head()
		p.say("HTTP/1.1 404 Gone Fishing\r\nContent-Length: 5\r\nX-A: 1\r\n\r\nfirst")
		p.head()
		p.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nmore")
		_, _ = p.rest()
	})
	c := clientOf(t, s)
	tr := mustTry(t, c, request("GET", "/"))
	if string(tr.resp.Reason) != "Gone Fishing" || string(tr.resp.Head.Lookup([]byte("x-a"))) != "1" {
		t.Errorf("reason %q, X-A %q", tr.resp.Reason, tr.resp.Head.Lookup([]byte("x-a")))
	}
	if f := c.RoundTrip(request("GET", "/"), &tr.resp, &tr.at); f != nil {
		t.Fatal(f)
	}
	if tr.resp.Buffered != nil || tr.resp.Body == nil || tr.resp.Head.Lookup([]byte("x-a")) != nil {
		t.Errorf("left over from the first answer: %q, fields %v", tr.resp.Buffered, tr.resp.Head.Fields)
	}
	tr.resp.Discard()
	tr.resp.Discard()
	if tr.resp.Status != 0 || tr.resp.Body != nil {
		t.Errorf("after Discard: status %d, body %v", tr.resp.Status, tr.resp.Body)
	}
	wantStats(t, c, 0, 0)
	if tr.at.Took <= 0 || tr.at.Took > time.Minute {
		t.Errorf("took %v", tr.at.Took)
	}
}
