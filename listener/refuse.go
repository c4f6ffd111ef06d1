package listener

import (
	"errors"
	"os"
	"time"

	"penstock/conn"
)

// Bounds of a refusal. More than maxRefusals at once are closed without a response.
const (
	maxRefusals = 64
	refuseHead  = 700 * time.Millisecond // for the head of a request; the sweeper is up to 300 ms late
	refuseWrite = time.Second
	refuseTime  = 500 * time.Millisecond
	refuseBytes = 64 << 10
)

// full is the response above the limit of connections.
var full = []byte("HTTP/1.1 503 Service Unavailable\r\n" +
	"Retry-After: 1\r\n" +
	"Connection: close\r\n" +
	"Content-Length: 0\r\n\r\n")

// refuse responds to one request and closes the connection in a goroutine of its own, so that the
// accept loop does not wait.
func (l *Listener) refuse(c *conn.Conn, response []byte) {
	select {
	case l.refusals <- struct{}{}:
		go l.turnAway(c, response)
	default:
		_ = c.Close() // too many refusals are under way
	}
}

// turnAway reads the head of one request, writes the refusal and lingers. A response that comes
// before the request is written would be lost to many clients: they see a connection that was
// closed. After refuseHead the response is written all the same. Closing with unread input would
// discard it, so what else the client has sent is read too.
func (l *Listener) turnAway(c *conn.Conn, response []byte) {
	defer func() { <-l.refusals }()
	c.SetReadDeadlineIn(refuseHead)
	if readHead(c) {
		c.SetWriteDeadlineIn(refuseWrite)
		if _, err := c.Write(response); err == nil {
			c.Linger(refuseBytes, refuseTime)
		}
	}
	_ = c.Close() // the refusal is counted already
}

// readHead reads until an empty line after the head of a request, or until the read deadline. It
// is false when the client has left before.
func readHead(c *conn.Conn) bool {
	var buf [2 << 10]byte
	begun, ends := false, 0 // line ends since the last other byte
	for total := 0; total < refuseBytes; {
		n, err := c.Read(buf[:])
		total += n
		for _, b := range buf[:n] {
			switch b {
			case '\r':
			case '\n':
				ends++
			default:
				begun, ends = true, 0
			}
			if begun && ends == 2 {
				return true
			}
		}
		if err != nil {
			return errors.Is(err, os.ErrDeadlineExceeded)
		}
	}
	return true
}
