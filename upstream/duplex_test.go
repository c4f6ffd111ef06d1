package upstream

import (
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"penstock/exchange"
	"penstock/headers"
)

// TestDuplex echoes: the response begins before the upload ends, and both move on.
func TestDuplex(t *testing.T) {
	s := newScript(t, func(p *peer) {
		p.head()
		p.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
		for {
			chunk := p.take(len("5\r\nhello\r\n"))
			p.say(chunk)
			if chunk == "5\r\nclose\r\n" {
				break
			}
		}
		p.take(len("0\r\n\r\n"))
		p.say("0\r\n\r\n")
		_, _ = p.rest()
	})
	c := clientOf(t, s)
	body := newPipeBody()
	tr := streamed(t, c, body.chunked(request("POST", "/")))
	if !tr.resp.Uploading() {
		t.Error("the answer is here, the body is not sent: want Uploading")
	}
	got := make([]byte, 5)
	for _, word := range []string{"hello", "world", "close"} {
		_, _ = io.WriteString(body.w, word)
		if _, err := io.ReadFull(tr.resp.Body, got); err != nil || string(got) != word {
			t.Fatalf("echo of %q: %q, %v", word, got, err)
		}
	}
	_ = body.w.Close()
	if rest, err := io.ReadAll(tr.resp.Body); len(rest) > 0 || err != nil {
		t.Errorf("behind the last echo: %q, %v", rest, err)
	}
	if tr.resp.Uploading() || tr.resp.UploadCut || tr.at.Sent != 15 || tr.at.Received != 15 {
		t.Errorf("uploading %t, cut %t, sent %d, received %d; want neither, 15, 15", tr.resp.Uploading(), tr.resp.UploadCut, tr.at.Sent, tr.at.Received)
	}
	wantStats(t, c, 1, 1)
}

// TestUploadThatWasReadToItsEnd has its last piece on the way while the response flows:
// the client's connection is free for its next request.
func TestUploadThatWasReadToItsEnd(t *testing.T) {
	s := newScript(t, func(p *peer) {
		p.head()
		p.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
		p.take(len("0\r\n\r\n"))
		p.say("0\r\n\r\n")
		_, _ = p.rest()
	})
	body, ended, send := newPipeBody(), make(chan struct{}), make(chan struct{})
	req := body.chunked(request("POST", "/"))
	req.Body.Trailers = func() []byte {
		close(ended)
		<-send
		return nil
	}
	tr := streamed(t, clientOf(t, s), req)
	_ = body.w.Close()
	<-ended
	if tr.resp.Uploading() {
		t.Error("the stream has ended: want no Uploading")
	}
	close(send)
	if got, err := io.ReadAll(tr.resp.Body); string(got) != "abc" || err != nil || tr.resp.UploadCut {
		t.Errorf("got %q, %v, cut %t", got, err, tr.resp.UploadCut)
	}
}

func TestDuplexThatEndsEarly(t *testing.T) {
	const begin = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
	for _, tc := range []struct {
		name    string
		act     func(*peer, chan struct{})
		client  error // what ends the request body
		reason  exchange.Reason
		backend bool // the backend's body is complete
	}{
		{"the answer is complete first", func(p *peer, begun chan struct{}) { <-begun; p.say("0\r\n\r\n"); _, _ = p.rest() }, nil, exchange.NoReason, true},
		{"the client breaks off", func(p *peer, _ chan struct{}) { _, _ = p.rest() }, exchange.Refuse(exchange.BodyStalled), exchange.BodyStalled, false},
		{"the backend breaks off", func(_ *peer, begun chan struct{}) { <-begun }, nil, exchange.NoReason, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			begun := make(chan struct{})
			s := newScript(t, func(p *peer) { p.head(); p.say(begin); tc.act(p, begun) })
			c := clientOf(t, s)
			body := newPipeBody()
			tr := streamed(t, c, body.sized(request("POST", "/"), 100))
			end := watch(tr.resp.Body)
			if tc.client != nil {
				_ = body.w.CloseWithError(tc.client)
			} else {
				close(begun)
			}
			got, err := io.ReadAll(tr.resp.Body)
			_ = tr.resp.Body.Close()
			if string(got) != "abc" || (err == nil) != tc.backend || end.complete != tc.backend || tr.resp.UploadCut != tc.backend {
				t.Errorf("read %q, %v, OnClose %+v, cut %t", got, err, *end, tr.resp.UploadCut)
			}
			if f, _ := errors.AsType[*exchange.Fault](err); err != nil && f.Reason != tc.reason {
				t.Errorf("fault %v, want reason %s", f, tc.reason)
			}
			wantStats(t, c, 0, 0)
		})
	}
}

// TestMovementInOneDirectionKeepsTheOther: while the response moves, a backend that
// does not read the upload is not cut off, and the other way round.
func TestMovementInOneDirectionKeepsTheOther(t *testing.T) {
	const idle = 400 * time.Millisecond
	t.Run("the answer moves", func(t *testing.T) {
		s := newScript(t, func(p *peer) {
			p.head()
			p.say("HTTP/1.1 200 OK\r\n\r\n")
			for range 8 {
				<-time.After(idle / 4)
				p.say("x")
			}
			_, _ = io.Copy(io.Discard, io.LimitReader(p.In, 8<<20))
		})
		c := clientOf(t, s)
		req := request("POST", "/")
		req.Times.BodyIdle = idle
		req.Body = Body{Framing: headers.Framing{Kind: headers.Sized, Length: 8 << 20}, Abort: func() {},
			Stream: io.LimitReader(rand.NewChaCha8([32]byte{}), 8<<20)}
		got, err := io.ReadAll(streamed(t, c, req).resp.Body)
		if len(got) != 8 || err != nil {
			t.Errorf("read %q, %v; want 8 bytes and the end", got, err)
		}
	})
	t.Run("the upload moves", func(t *testing.T) {
		s := newScript(t, func(p *peer) {
			p.head()
			p.say("HTTP/1.1 200 OK\r\n\r\n")
			p.take(8)
			p.say("done")
		})
		c := clientOf(t, s)
		req := request("POST", "/")
		req.Times.BodyIdle = idle
		body := newPipeBody()
		tr := streamed(t, c, body.sized(req, 8))
		go func() {
			for range 8 {
				<-time.After(idle / 4)
				_, _ = io.WriteString(body.w, "x")
			}
			_ = body.w.Close()
		}()
		got, err := io.ReadAll(tr.resp.Body)
		if string(got) != "done" || err != nil {
			t.Errorf("read %q, %v; want done and the end", got, err)
		}
	})
}
