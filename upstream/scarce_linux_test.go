package upstream

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// A client that reads nothing costs the backend little when it may be one of many.
func TestUnreadResponseIsFetchedInPartWhenSlotsAreScarce(t *testing.T) {
	const size, most = 64 << 20, 1 << 20
	taken := make(chan int64, 1)
	s := newScript(t, func(p *peer) {
		_ = p.Conn.(*net.TCPConn).SetWriteBuffer(64 << 10)
		p.head()
		p.say("HTTP/1.1 200 OK\r\nContent-Length: 67108864\r\n\r\n")
		all := int64(0)
		for piece := make([]byte, 1<<16); ; {
			_ = p.SetWriteDeadline(time.Now().Add(time.Second))
			n, err := p.Write(piece)
			if all += int64(n); err == nil {
				continue
			}
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error(err)
			}
			break
		}
		taken <- all
		_ = p.SetWriteDeadline(time.Time{})
		_, _ = p.Write(make([]byte, size-all))
	})
	c := clientOf(t, s) // of so few slots that one in use is more than a sixteenth
	tr := streamed(t, c, request("GET", "/"))
	sink, client := sinkPair(t)
	done := make(chan error, 1)
	go func() { done <- tr.resp.Body.Transfer(through(sink, false)) }()
	if n := <-taken; n > most {
		t.Errorf("the backend had sent %d bytes that nobody read, want at most %d", n, most)
	}
	go func() { _, _ = io.Copy(io.Discard, client) }()
	if err := within(t, "Transfer", done); err != nil {
		t.Error(err)
	}
}
