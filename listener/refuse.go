package listener

import (
	"time"

	"penstock/conn"
)

// Bounds of a refusal. More than maxRefusals at once are closed without a response.
const (
	maxRefusals = 64
	refuseWrite = time.Second
	refuseTime  = 500 * time.Millisecond
	refuseBytes = 64 << 10
)

// full is the response above the limit of connections.
var full = []byte("HTTP/1.1 503 Service Unavailable\r\n" +
	"Retry-After: 1\r\n" +
	"Connection: close\r\n" +
	"Content-Length: 0\r\n\r\n")

// refuse sends a response and closes the connection in a goroutine of its own, so that the
// accept loop does not wait.
func (l *Listener) refuse(c *conn.Conn, response []byte) {
	select {
	case l.refusals <- struct{}{}:
		go l.turnAway(c, response)
	default:
		_ = c.Close() // too many refusals are under way
	}
}

// turnAway writes the refusal and lingers: the client has probably sent its request, and
// closing with unread input would discard the response.
func (l *Listener) turnAway(c *conn.Conn, response []byte) {
	defer func() { <-l.refusals }()
	c.SetWriteDeadlineIn(refuseWrite)
	if _, err := c.Write(response); err == nil {
		c.Linger(refuseBytes, refuseTime)
	}
	_ = c.Close() // the refusal is counted already
}
