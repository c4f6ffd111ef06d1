package upstream

import (
	"io"
	"time"

	"penstock/conn"
	"penstock/response"
)

// plain is a client that gets the bare bytes of a body.
func plain(w io.Writer) response.Sink { return response.Sink{To: movingWriter{w}} }

type movingWriter struct{ io.Writer }

func (m movingWriter) WriteMoving(p []byte, _ time.Duration) (int, error) { return m.Write(p) }

// through is a client on a socket.
func through(c *conn.Conn, chunked bool) response.Sink {
	return response.Sink{To: c, Socket: c, Chunked: chunked}
}
