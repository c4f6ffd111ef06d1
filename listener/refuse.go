package listener

import (
	"net"
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

const refusal = "HTTP/1.1 503 Service Unavailable\r\n" +
	"Retry-After: 1\r\n" +
	"Connection: close\r\n" +
	"Content-Length: 0\r\n\r\n"

// refuse answers and closes a connection for which there is no room, without keeping
// the accept loop waiting.
func (l *Listener) refuse(raw net.Conn) {
	l.refused.Add(1)
	select {
	case l.refusals <- struct{}{}:
		go l.answer(raw)
	default:
		_ = raw.Close() // nobody is left to tell
	}
}

// answer writes the refusal and lingers: the client has probably sent its request,
// and closing with that unread would destroy the answer.
func (l *Listener) answer(raw net.Conn) {
	defer func() { <-l.refusals }()
	c := conn.New(raw, l.sweeper)
	c.SetWriteDeadlineIn(refuseWrite)
	if _, err := c.Write([]byte(refusal)); err == nil {
		c.Linger(refuseBytes, refuseTime)
	}
	_ = c.Close() // the client's loss is counted already
}
