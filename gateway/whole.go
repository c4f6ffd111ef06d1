package gateway

import "strconv"

// respondWhole answers with the head that stands in j.text, all but the body's length and
// the last line, and a body that is at hand. framed says that the head tells the length
// already, or must not.
//
// fasthttp writes an answer from its own picture of it, and the only way to draw that
// picture is to let it parse the text (setText). Here fasthttp writes an empty answer
// instead, at the usual time, and the wire sends ours in its place, in one piece. What
// fasthttp decides, whether the connection lives on, it is told beforehand. It took a
// proxied request of 1 KiB from 46.6 to 38.7 µs of processor time (2 cores, 64
// connections, nginx beside it 35.5 µs), and leaves the fields in the backend's order.
//
// False means that fasthttp has to write the answer, because more than that is to be
// decided: the client speaks HTTP/1.0, or the connection is not one of ours.
func (g *Gateway) respondWhole(j *journey, status int, body []byte, framed bool) bool {
	if j.wire == nil || !j.http11 {
		return false
	}
	if !framed {
		j.text = append(j.text, "Content-Length: "...)
		j.text = append(strconv.AppendInt(j.text, int64(len(body)), 10), "\r\n"...)
	}
	if j.closing || g.draining.Load() || j.ctx.Request.Header.ConnectionClose() {
		j.text = append(j.text, "Connection: close\r\n"...)
		j.ctx.SetConnectionClose()
	}
	j.text = append(append(j.text, "\r\n"...), body...)
	j.x.Status, j.x.Sent = status, int64(len(body))
	j.wire.reply, j.wire.idle = j.text, j.snap.bodyIdle
	if j.route != nil {
		j.wire.idle = j.route.times.BodyIdle
	}
	return true
}
