package gateway

import (
	"io"
	"net"

	"penstock/upstream"
)

// respondUntilClose answers an HTTP/1.0 client when the length of the body is
// not known: chunked does not exist there, so the body ends with the connection
// (RFC 9112 §6.3). fasthttp cannot write that; the answer is written here, on the
// hijacked connection.
func (g *Gateway) respondUntilClose(j *journey) {
	j.text = j.appendHead(j.text[:0], "HTTP/1.1 ")
	j.text = append(j.text, "Connection: close\r\n\r\n"...)
	j.x.Status = j.resp.Status
	body := j.resp.Body
	body.Idle, body.Sink, body.Out = j.route.times.BodyIdle, j.conn, upstream.OutUntilClose
	j.ctx.HijackSetNoResponse(true)
	g.hijack(j, func(c net.Conn) {
		var out io.Writer = c
		if j.conn != nil {
			j.conn.SetWriteDeadlineIn(j.route.times.BodyIdle)
		}
		_, err := out.Write(j.text)
		if err == nil {
			_, err = body.WriteTo(out)
		}
		if err != nil && j.conn != nil {
			j.conn.Abort() // the end of the body must not look like its completion
		}
		_ = body.CloseWithError(err)
	}, func() { _ = body.Close() })
}
