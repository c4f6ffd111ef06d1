package gateway

import (
	"bufio"
	"strconv"
	"time"

	"github.com/valyala/fasthttp"

	"penstock/exchange"
	"penstock/headers"
	"penstock/upstream"
)

// respond hands the backend's answer to fasthttp, which writes it when serve
// returns: a small body whole, any other as a stream that flushes as it arrives.
func (g *Gateway) respond(j *journey) {
	r := &j.resp
	if j.resp.Uploading() || j.resp.UploadCut || j.unread() { // in this order: an upload reads what unread looks at
		j.closeAfterAnswer()
	}
	if r.Body != nil && !j.http11 && r.Framing.Kind != headers.Sized {
		g.respondUntilClose(j)
		return
	}
	j.text = j.appendHead(j.text[:0], "HTTP/1.1 ")
	if r.Body == nil && g.respondWhole(j, r.Status, r.Buffered, r.Framing.Kind == headers.NoBody) {
		return
	}
	if !g.setText(j, r.Status) {
		g.fail(j, &exchange.Fault{Kind: exchange.HTTPProtocolError, Source: exchange.Upstream, Begun: true})
		return
	}
	j.x.Status = r.Status
	answer := &j.ctx.Response
	switch {
	case r.Body == nil:
		answer.SetBodyRaw(r.Buffered)
		j.x.Sent = int64(len(r.Buffered))
		return
	case j.cache.handing:
		g.followOwn(j)
		return
	}
	g.stream(j, answer)
}

// stream lets the body flow from the backend's connection to the client's. The
// head is flushed before the first byte, because the body goes past fasthttp's
// own buffer straight to the connection.
func (g *Gateway) stream(j *journey, answer *fasthttp.Response) {
	body, size := j.resp.Body, -1
	body.Idle = j.route.times.BodyIdle
	body.Sink, body.Out = j.conn, upstream.OutChunked
	if j.resp.Framing.Kind == headers.Sized {
		size, body.Out = int(j.resp.Framing.Length), upstream.OutSized
	} else if len(j.route.trailers) > 0 {
		j.announceTrailers(answer)
	}
	answer.ImmediateHeaderFlush = true
	answer.SetBodyStream(body, size)
}

// setHead writes the answer's head as text and lets fasthttp parse it: the only
// way in which it keeps the backend's Date and the order of repeated fields.
// extra is appended as it is. It reports whether fasthttp accepted the head.
func (g *Gateway) setHead(j *journey, extra []byte) bool {
	j.text = j.appendHead(j.text[:0], "HTTP/1.1 ")
	j.text = append(j.text, extra...)
	return g.setText(j, j.resp.Status)
}

// setText lets fasthttp parse the head that stands in j.text, but for its last line.
func (g *Gateway) setText(j *journey, status int) bool {
	h := &j.ctx.Response.Header
	j.text = append(j.text, "\r\n"...)
	j.textFrom.Reset(j.text)
	parser := g.parsers.Get().(*bufio.Reader)
	defer g.parsers.Put(parser)
	if len(j.text) > parser.Size() { // a head must fit in the reader that it is parsed from
		parser = bufio.NewReaderSize(nil, len(j.text))
	}
	parser.Reset(&j.textFrom)
	h.DisableNormalizing() // names go on as the backend spelled them
	if err := h.Read(parser); err != nil {
		return false
	}
	h.ResetConnectionClose() // what the backend does with its connection is its business
	if status != fasthttp.StatusSwitchingProtocols && (j.closing || g.draining.Load()) {
		h.SetConnectionClose()
	}
	if j.conn != nil {
		j.conn.SetWriteDeadlineIn(j.route.times.BodyIdle) // fasthttp writes the head; a deadline of earlier may have passed
	}
	return status != 0
}

// appendHead appends the status line and the fields of the answer.
func (j *journey) appendHead(dst []byte, version string) []byte {
	r := &j.resp
	dst = append(dst, version...)
	dst = strconv.AppendInt(dst, int64(r.Status), 10)
	dst = append(append(append(dst, ' '), r.Reason...), "\r\n"...)
	r.Head.DropHopByHop()
	if name := j.snap.requestID; name != nil {
		dropNamed(&r.Head, name)
		dst = appendField(dst, name, j.x.ID())
	}
	if e := j.route.answerEdits; e != nil {
		e.Edits().Apply(&r.Head)
	}
	dst = j.appendCacheStatus(r.Head.Append(dst))
	if !r.Head.Has(headers.Date) {
		// A recipient with a clock adds what is missing (RFC 9110 §6.6.1).
		dst = fasthttp.AppendHTTPDate(append(dst, "Date: "...), j.g.instant().Time())
		dst = append(dst, "\r\n"...)
	}
	if r.Framing.Kind == headers.NoBody && r.Framing.Length >= 0 {
		// A HEAD or 304 answer tells the length of the body it does not have.
		dst = append(dst, "Content-Length: "...)
		dst = append(strconv.AppendInt(dst, r.Framing.Length, 10), "\r\n"...)
	}
	return dst
}

// announceTrailers promises the trailer fields that the backend announced and
// the route lets pass; their values follow behind the last chunk.
func (j *journey) announceTrailers(answer *fasthttp.Response) {
	announced := false
	for i := range j.resp.Head.Fields {
		f := &j.resp.Head.Fields[i]
		if f.ID != headers.Trailer {
			continue
		}
		for name := range headers.List(f.Value) {
			if listed(name, j.route.trailers) && headers.TrailerAllowed(name) && answer.Header.AddTrailerBytes(name) == nil {
				announced = true
			}
		}
	}
	if !announced {
		return
	}
	j.resp.Body.OnTrailers = func(b *headers.Block) {
		for i := range b.Fields {
			if f := &b.Fields[i]; listed(f.Name, j.route.trailers) {
				answer.Header.SetBytesKV(f.Name, f.Value)
			}
		}
	}
}

// passInterim sends a 102 or 103 on to the client at once (RFC 9110 §15.2). No earlier
// answer can be overtaken: fasthttp sees a request only when the one before is answered
// and written (wire.go).
func (j *journey) passInterim(status int, b *headers.Block) {
	b.DropHopByHop()
	j.text = append(j.text[:0], "HTTP/1.1 "...)
	j.text = strconv.AppendInt(j.text, int64(status), 10)
	j.text = append(append(j.text, ' '), fasthttp.StatusMessage(status)...)
	j.text = b.Append(append(j.text, "\r\n"...))
	j.text = append(j.text, "\r\n"...)
	j.conn.SetWriteDeadlineIn(j.route.times.BodyIdle)
	_, _ = j.conn.Write(j.text) // a dead client shows when the answer is written
}

// closeAfterAnswer ends the client's connection with this answer and lets it
// linger: bytes of an unread request body are thrown away for a moment, so that
// they do not make the kernel destroy the answer (RFC 9112 §9.6).
func (j *journey) closeAfterAnswer() {
	j.closing = true
	if j.conn != nil {
		j.conn.Linger(lingerBytes, lingerTime)
	}
}

const (
	lingerBytes = 64 << 20 // more than a fast client has on its way before it sees the answer
	lingerTime  = 2 * time.Second
)
