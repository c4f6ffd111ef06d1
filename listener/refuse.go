package listener

import (
	"time"

	"penstock/conn"
)

// Bounds of a refusal. More than maxRefusals at once are closed without an answer.
const (
	maxRefusals = 64
	refuseWrite = time.Second
	refuseTime  = 500 * time.Millisecond
	refuseBytes = 64 << 10
)

// full is the answer above the limit of connections.
var full = []byte("HTTP/1.1 503 Service Unavailable\r\n" +
	"Retry-After: 1\r\n" +
	"Connection: close\r\n" +
	"Content-Length: 0\r\n\r\n")

// refuse answers and closes a connection without keeping the accept loop waiting.
func (l *Listener) refuse(c *conn.Conn, answer []byte) {
	select {
	case l.refusals <- struct{}{}:
		go l.answer(c, answer)
	default:
		_ = c.Close() // nobody is left to tell
	}
}

// answer writes the refusal and lingers: the client has probably sent its request,
// and closing with that unread would destroy the answer.
func (l *Listener) answer(c *conn.Conn, text []byte) {
	defer func() { <-l.refusals }()
	c.SetWriteDeadlineIn(refuseWrite)
	if _, err := c.Write(text); err == nil {
		c.Linger(refuseBytes, refuseTime)
	}
	_ = c.Close() // the client's loss is counted already
}
