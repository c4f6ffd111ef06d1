package h1

import (
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"penstock/conn"
	"penstock/downstream"
	"penstock/headers"
	"penstock/response"
	"penstock/tunnel"
)

// upgrading is a handler that begins a tunnel for each request, and the job of it.
type upgrading struct {
	downstream.Handler
	stream    downstream.Stream
	finished  chan struct{}
	abandoned bool
}

func (u *upgrading) Serve(s downstream.Stream, _ time.Time) downstream.Job {
	u.stream = s
	s.Frame(headers.Framing{Kind: headers.NoBody}, true)
	r := &response.Response{Status: 101, Length: -1}
	s.Tunnel(r, func(tunnel.End, []byte) {}, func() { u.abandoned = true })
	return u
}

func (u *upgrading) Finish() {
	u.stream.Done()
	close(u.finished)
}

// cutting is a connection that another goroutine ends while a response is written to it.
type cutting struct {
	net.Conn
	write func()
}

func (c *cutting) Write(p []byte) (int, error) {
	c.write()
	return c.Conn.Write(p)
}

// At the end of the process connections are closed by others than the goroutine that serves
// them. The request of one must not end while that goroutine still writes its response.
func TestRequestDoesNotEndWhileItsUpgradeIsWritten(t *testing.T) {
	u := &upgrading{finished: make(chan struct{})}
	s := New(Options{
		Handler: u, Limits: func() Limits { return Limits{} }, Draining: func() bool { return false },
		Now: time.Now, Log: slog.New(slog.DiscardHandler), HeaderBytes: 4 << 10,
	})
	client, server := net.Pipe()
	defer func() { _ = client.Close() }()
	raw := &cutting{Conn: server}
	c := conn.New(raw, conn.NewSweeper(time.Hour))
	raw.write = func() {
		go c.Abort()
		select {
		case <-u.finished:
			t.Error("the request ended while its response was written")
		case <-time.After(100 * time.Millisecond): // it has not
		}
	}
	go func() { _, _ = io.WriteString(client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n") }()
	_ = s.http.ServeConn(newGate(s, c))
	<-u.finished
	if !u.abandoned {
		t.Error("the tunnel was not abandoned")
	}
}
