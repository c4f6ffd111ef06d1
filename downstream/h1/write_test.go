package h1

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"penstock/downstream"
	"penstock/exchange"
	"penstock/response"
)

// brokenBody is a response body with a bug.
type brokenBody struct{ ended []error }

func (*brokenBody) Transfer(response.Sink) error { panic("a bug in a body") }
func (*brokenBody) Trailers() []byte             { return nil }
func (b *brokenBody) CloseWithError(err error) error {
	b.ended = append(b.ended, err)
	return nil
}

// broken responds with that body.
type broken struct {
	body     *brokenBody
	finished chan struct{}
	stream   downstream.Stream
}

func (b *broken) Serve(s downstream.Stream, _ time.Time) downstream.Job {
	b.stream = s
	var r response.Response
	r.Begin(200, nil)
	r.SetStream(b.body, -1)
	s.Send(&r)
	return b
}

func (b *broken) Refuse(s downstream.Stream, _ exchange.Reason, now time.Time) downstream.Job {
	return b.Serve(s, now)
}

func (b *broken) Finish() {
	b.stream.Done()
	close(b.finished)
}

// A panic while a body is sent is reported to the body as a fault of the gateway, and not as
// one of the client, which has done nothing; the truncated response ends with its connection.
func TestPanicInABodyIsAFaultOfTheGateway(t *testing.T) {
	var log bytes.Buffer
	h := &broken{body: new(brokenBody), finished: make(chan struct{})}
	s := New(Options{
		Handler: h, Limits: func() Limits { return Limits{} }, Draining: func() bool { return false }, Now: time.Now,
		Log: slog.New(slog.NewTextHandler(&log, nil)), HeaderBytes: 4 << 10,
	})
	client, w := gatePair(t, s)
	go func() {
		s.serve(w)
		_ = w.Close()
	}()
	go func() { _, _ = io.WriteString(client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n") }()
	text, _ := io.ReadAll(client)
	<-h.finished
	if len(h.body.ended) == 0 {
		t.Fatal("the body was not closed")
	}
	f, _ := errors.AsType[*exchange.Fault](h.body.ended[0])
	if f == nil || f.Reason != exchange.Panicked || f.Source != exchange.Gateway || !f.Begun || f.Err == nil {
		t.Errorf("the body was closed with %v, want a fault of the gateway", h.body.ended[0])
	}
	if !strings.HasPrefix(string(text), "HTTP/1.1 200") || strings.HasSuffix(string(text), "0\r\n\r\n") || !strings.Contains(log.String(), "a bug in a body") {
		t.Errorf("sent %q, logged %s", text, &log)
	}
}
