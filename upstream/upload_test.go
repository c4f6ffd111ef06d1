package upstream

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"penstock/exchange"
	"penstock/headers"
)

// send writes the parts as the client would and then ends the body with err.
func (b *pipeBody) send(err error, parts ...string) *pipeBody {
	go func() {
		for _, p := range parts {
			_, _ = io.WriteString(b.w, p)
		}
		_ = b.w.CloseWithError(err)
	}()
	return b
}

func TestUploadOnTheWire(t *testing.T) {
	const sized = "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 6\r\n\r\n"
	const chunked = "POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n"
	trailers := func() []byte { return []byte("X-Sum: 9\r\n") }
	for _, tc := range []struct {
		name     string
		chunked  bool
		stream   io.Reader
		trailers func() []byte
		want     string
	}{
		{"sized", false, newPipeBody().send(nil, "abc", "def"), nil, sized + "abcdef"},
		{"chunked: one chunk a piece", true, newPipeBody().send(nil, "abc", "def"), nil, chunked + "3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n"},
		{"chunked and empty", true, newPipeBody().send(nil), nil, chunked + "0\r\n\r\n"},
		{"trailers (9112 §7.1.2)", true, newPipeBody().send(nil, "abc"), trailers, chunked + "3\r\nabc\r\n0\r\nX-Sum: 9\r\n\r\n"},
		{"the end comes with the last bytes, sized", false, eager{strings.NewReader("abcdef")}, nil, sized + "abcdef"},
		{"the end comes with the last bytes", true, eager{strings.NewReader("abc")}, nil, chunked + "3\r\nabc\r\n0\r\n\r\n"},
		{"the end with the last bytes, and trailers", true, eager{strings.NewReader("abc")}, trailers, chunked + "3\r\nabc\r\n0\r\nX-Sum: 9\r\n\r\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := make(chan string, 1)
			s := newScript(t, func(p *peer) {
				got <- p.take(len(tc.want))
				p.say(ok)
				_, _ = p.rest()
			})
			c := clientOf(t, s)
			req := request("POST", "/")
			req.Body = Body{Framing: headers.Framing{Kind: headers.Sized, Length: 6}, Stream: tc.stream, Trailers: tc.trailers, Abort: func() {
				t.Error("a body that was sent to its end was aborted")
			}}
			if tc.chunked {
				req.Body.Framing = headers.Framing{Kind: headers.Chunked, Length: -1}
			}
			tr := mustTry(t, c, req)
			if raw := within(t, "request", got); raw != tc.want {
				t.Errorf("backend read %q, want %q", raw, tc.want)
			}
			sent := int64(len("abcdef"))
			if tc.chunked {
				sent = int64(strings.Count(tc.want, "abc")+strings.Count(tc.want, "def")) * 3
			}
			if tr.resp.UploadCut || tr.resp.Uploading() || tr.at.Sent != sent {
				t.Errorf("cut %t, uploading %t, sent %d; want neither, and %d", tr.resp.UploadCut, tr.resp.Uploading(), tr.at.Sent, sent)
			}
			wantStats(t, c, 1, 1)
		})
	}
}

// eager returns io.EOF together with the last bytes.
type eager struct{ r *strings.Reader }

func (e eager) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	if e.r.Len() == 0 {
		err = io.EOF
	}
	return n, err
}

func TestUploadThatTheClientCuts(t *testing.T) {
	gone := exchange.Refuse(exchange.BodyTooLarge)
	for _, tc := range []struct {
		name    string
		chunked bool
		err     error
		reason  exchange.Reason
		pieces  []string
	}{
		{"sized, with a fault", false, gone, exchange.BodyTooLarge, []string{"abc"}},
		{"sized, with an error", false, io.ErrUnexpectedEOF, exchange.BodyIncomplete, []string{"abc"}},
		{"sized, the end comes early", false, nil, exchange.BodyIncomplete, []string{"abc"}},
		{"sized, more than announced", false, nil, exchange.BodyIncomplete, []string{"abcdefg"}},
		{"sized, an error behind the last byte", false, gone, exchange.BodyTooLarge, []string{"abcdef"}},
		{"chunked, with a fault", true, gone, exchange.BodyTooLarge, []string{"abc"}},
		{"chunked, before the first byte", true, gone, exchange.BodyTooLarge, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := make(chan string, 1)
			s := newScript(t, func(p *peer) {
				p.head()
				all, _ := p.rest()
				got <- all
			})
			c := clientOf(t, s)
			body := newPipeBody().send(tc.err, tc.pieces...)
			req := body.sized(request("POST", "/"), 6)
			if tc.chunked {
				req = body.chunked(request("POST", "/"))
			}
			tr := try(t, c, req)
			wantFault(t, tr.fault, exchange.HTTPRequestError, tc.reason)
			if tc.err == gone && tr.fault != gone {
				t.Errorf("fault %v is not the stream's own", tr.fault)
			}
			raw := within(t, "backend", got)
			if len(raw) >= 6 && !tc.chunked || strings.Contains(raw, "0\r\n\r\n") {
				t.Errorf("backend read %q: a complete body", raw)
			}
			wantStats(t, c, 0, 0)
		})
	}
}

// endless makes req's body one that never ends and never blocks.
func endless(req *Request, framing headers.Framing) *Request {
	req.Body = Body{Framing: framing, Stream: rand.NewChaCha8([32]byte{}), Abort: func() {}}
	return req
}

func TestEarlyAnswerToAnUpload(t *testing.T) {
	const refusal = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nno!"
	sized, chunked := headers.Framing{Kind: headers.Sized, Length: 1 << 40}, headers.Framing{Kind: headers.Chunked, Length: -1}
	blocked := newPipeBody() // of a client that has stopped sending
	for _, tc := range []struct {
		name string
		act  func(*peer)
		req  *Request
	}{
		{"the backend reads no more", func(p *peer) { p.head(); p.say(refusal); <-p.Over }, endless(request("POST", "/"), sized)},
		{"the backend reads on", func(p *peer) { p.head(); p.say(refusal); _, _ = io.Copy(io.Discard, p.In) }, endless(request("POST", "/"), chunked)},
		{"the backend closes its half", func(p *peer) {
			p.head()
			p.say(refusal)
			_ = p.Conn.(*net.TCPConn).CloseWrite()
			_, _ = io.Copy(io.Discard, p.In)
		}, endless(request("POST", "/"), sized)},
		{"the client sends no more", func(p *peer) { p.head(); p.say(refusal); _, _ = p.rest() }, blocked.sized(request("POST", "/"), 9)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := clientOf(t, newScript(t, tc.act))
			tr := mustTry(t, c, tc.req)
			if tr.resp.Status != 413 || string(tr.resp.Buffered) != "no!" || !tr.resp.UploadCut || tr.resp.Uploading() {
				t.Errorf("got %d %q, cut %t, uploading %t; want 413 no!, true, false", tr.resp.Status, tr.resp.Buffered, tr.resp.UploadCut, tr.resp.Uploading())
			}
			wantStats(t, c, 0, 0)
		})
	}
	if _, err := blocked.Read(nil); err == nil {
		t.Error("a blocked body was not aborted")
	}
}

// TestAnswerBehindAWriteError: the backend responds and resets, which our writes see first.
func TestAnswerBehindAWriteError(t *testing.T) {
	closed := make(chan struct{})
	s := newScript(t, func(p *peer) {
		p.head()
		p.say("HTTP/1.1 401 Unauthorized\r\nContent-Length: 3\r\n\r\nno!")
		_ = p.Close() // unread input: the kernel sends a reset after the response
		close(closed)
	})
	c := clientOf(t, s)
	body := newPipeBody()
	req := body.chunked(request("POST", "/"))
	answered := inBackground(t, c, req)
	_, _ = io.WriteString(body.w, strings.Repeat("a", 10))
	tr := within(t, "answer", answered)
	<-closed
	if tr.fault != nil || tr.resp.Status != 401 || !tr.resp.UploadCut {
		t.Errorf("fault %v, status %d, cut %t; want 401 and true", tr.fault, tr.resp.Status, tr.resp.UploadCut)
	}
	wantStats(t, c, 0, 0)
}

func TestBackendThatClosesDuringAnUpload(t *testing.T) {
	s := newScript(t, func(p *peer) {
		p.head()
		p.take(3)
	})
	c := clientOf(t, s)
	tr := try(t, c, endless(request("PUT", "/"), headers.Framing{Kind: headers.Sized, Length: 1 << 40}))
	wantFault(t, tr.fault, exchange.ConnectionTerminated, exchange.NoReason)
	if tr.fault.Source != exchange.Upstream || !tr.fault.Wrote || tr.fault.Begun {
		t.Errorf("fault %+v", tr.fault)
	}
	wantStats(t, c, 0, 0)
}

// TestBackendThatDoesNotReadTheUpload: body_idle is the only limit, and it holds.
func TestBackendThatDoesNotReadTheUpload(t *testing.T) {
	s := newScript(t, func(p *peer) {
		p.head()
		<-p.Over
	})
	c := clientOf(t, s)
	req := endless(request("POST", "/"), headers.Framing{Kind: headers.Chunked, Length: -1})
	req.Times.BodyIdle, req.Times.FirstByte = 150*time.Millisecond, 10*time.Millisecond
	tr := try(t, c, req)
	wantFault(t, tr.fault, exchange.ConnectionWriteTimeout, exchange.BodyIdleTimeout)
	wantStats(t, c, 0, 0)
}

// TestSlowUploadOutlivesTheOtherLimits: neither first_byte nor the request's
// deadline counts the time in which the body moves; both count what follows.
func TestSlowUploadOutlivesTheOtherLimits(t *testing.T) {
	for _, tc := range []struct {
		name            string
		first, deadline time.Duration
		answers         bool
		reason          exchange.Reason
	}{
		{"an answer after it is in time", 10 * time.Second, 150 * time.Millisecond, true, exchange.NoReason},
		{"first byte begins after it", 150 * time.Millisecond, time.Minute, false, exchange.FirstByteTimeout},
		{"the deadline moves on with it", time.Minute, 150 * time.Millisecond, false, exchange.OutOfTime},
	} {
		t.Run(tc.name, func(t *testing.T) {
			next := make(chan struct{}, 1)
			s := newScript(t, func(p *peer) {
				p.head()
				for range 8 {
					p.take(len("3\r\nabc\r\n"))
					next <- struct{}{}
				}
				p.take(len("0\r\n\r\n"))
				if tc.answers {
					p.say(ok)
				}
				_, _ = p.rest()
			})
			body := newPipeBody()
			req := body.chunked(request("POST", "/"))
			began := time.Now()
			req.Times.FirstByte, req.Times.Deadline = tc.first, began.Add(tc.deadline)
			c := clientOf(t, s)
			done := inBackground(t, c, req)
			for range 8 {
				_, _ = io.WriteString(body.w, "abc")
				within(t, "piece", next)
				<-time.After(30 * time.Millisecond) // a slow client
			}
			_ = body.w.Close()
			tr := within(t, "answer", done)
			if tc.answers {
				if tr.fault != nil || tr.resp.UploadCut {
					t.Errorf("fault %v, cut %t; want an answer", tr.fault, tr.resp.UploadCut)
				}
				return
			}
			wantFault(t, tr.fault, exchange.HTTPResponseTimeout, tc.reason)
			if took := time.Since(began); took < 240*time.Millisecond+min(tc.first, tc.deadline)-10*time.Millisecond {
				t.Errorf("given up after %v", took)
			}
		})
	}
}

func TestPanicInAnUpload(t *testing.T) {
	s := newScript(t, func(p *peer) { _, _ = p.rest() })
	c := clientOf(t, s)
	req := request("POST", "/")
	req.Body = Body{Framing: headers.Framing{Kind: headers.Chunked, Length: -1}, Stream: panicking{}, Abort: func() {}}
	tr := try(t, c, req)
	wantFault(t, tr.fault, exchange.ProxyInternalError, exchange.Panicked)
	wantStats(t, c, 0, 0)
}

type panicking struct{}

func (panicking) Read([]byte) (int, error) { panic("on purpose") }

// TestManyAborts cuts uploads and downloads thousands of times; nothing may be left.
func TestManyAborts(t *testing.T) {
	const rounds = 500
	s := newScript(t, func(p *peer) {
		for {
			switch head := p.head(); {
			case strings.HasPrefix(head, "GET /cut "):
				p.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
				return
			case strings.HasPrefix(head, "GET /flow "):
				p.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
			case strings.HasPrefix(head, "POST /early "), strings.HasPrefix(head, "GET /plain "):
				p.say(ok)
			case head == "":
				return
			}
		}
	})
	c := clientOf(t, s)
	mustTry(t, c, request("GET", "/plain"))
	before := runtime.NumGoroutine()
	for i := range rounds {
		tr := streamed(t, c, request("GET", "/cut"))
		if err := tr.resp.Body.Transfer(plain(new(bytes.Buffer))); err == nil {
			t.Fatal("a cut body ended well")
		}
		streamed(t, c, request("GET", "/flow")).resp.Discard()
		cut := try(t, c, newPipeBody().send(io.ErrUnexpectedEOF, "abc").sized(request("POST", "/sized"), 6))
		wantFault(t, cut.fault, exchange.HTTPRequestError, exchange.BodyIncomplete)
		cut = try(t, c, newPipeBody().send(io.ErrUnexpectedEOF, "abc").chunked(request("POST", "/chunked")))
		wantFault(t, cut.fault, exchange.HTTPRequestError, exchange.BodyIncomplete)
		if early := mustTry(t, c, newPipeBody().chunked(request("POST", "/early"))); !early.resp.UploadCut {
			t.Fatalf("round %d: an upload that never ended was not cut", i)
		}
	}
	wantStats(t, c, 0, 0)
	ended := time.After(10 * time.Second) // the backend's goroutines notice a little later
	for runtime.NumGoroutine() > before {
		select {
		case <-ended:
			t.Fatalf("%d goroutines, %d before the aborts", runtime.NumGoroutine(), before)
		case <-time.After(time.Millisecond):
		}
	}
}
