package gateway

import (
	"bytes"
	"log/slog"
	"runtime/debug"
	"strconv"

	"github.com/valyala/fasthttp"

	"penstock/exchange"
	"penstock/headers"
)

// fail turns a fault into an answer: the only place where an error becomes HTTP.
// The client reads the fault's public sentence, the log its cause.
func (g *Gateway) fail(j *journey, f *exchange.Fault) {
	j.x.Fault = f
	j.x.Status = f.Status()
	j.resp.Discard()
	if f.Err != nil {
		g.log.Debug("request failed", "route", j.x.Route, "fault", f.Name(), "source", f.Source.String(), "error", f.Err)
	}
	if f.Source == exchange.Client || j.unread() {
		j.closeAfterAnswer() // what follows on the connection cannot be trusted, or was not read
	}
	j.ctx.Response.Reset()
	text := wantsText(j.head.Get(headers.Accept))
	j.note = appendProblem(j.note[:0], text, f)
	j.text = append(strconv.AppendInt(append(j.text[:0], "HTTP/1.1 "...), int64(j.x.Status), 10), ' ')
	j.text = append(append(j.text, titleOf(j.x.Status)...), "\r\n"...)
	line := len(j.text)
	j.text = g.appendProblemFields(j.text, j, text)
	body := j.note
	if j.ctx.IsHead() {
		body = nil
	}
	// Past fasthttp where it can be: a gateway at its limit must not spend on refusing what the others need.
	if g.respondWhole(j, j.x.Status, body, true) {
		return
	}
	j.ctx.SetStatusCode(j.x.Status)
	own := &j.resp.Head
	own.Parse(append(j.text[line:], "\r\n"...))
	for i := range own.Fields {
		j.ctx.Response.Header.SetBytesKV(own.Fields[i].Name, own.Fields[i].Value)
	}
	j.text = append(j.text[:0], j.note...)
	g.finishLocal(j)
}

// appendProblemFields appends the fields in front of the body in j.note, which is text
// or a problem.
func (g *Gateway) appendProblemFields(dst []byte, j *journey, text bool) []byte {
	dst = append(fasthttp.AppendHTTPDate(append(dst, "Date: "...), g.instant().Time()), "\r\nContent-Type: "...)
	if text {
		dst = append(dst, "text/plain; charset=utf-8\r\n"...)
	} else {
		dst = append(dst, "application/problem+json\r\n"...)
	}
	f := j.x.Fault
	switch f.Reason {
	case exchange.Overloaded, exchange.TooManyConnections, exchange.QueueFull, exchange.QueueTimeout:
		dst = append(dst, "Retry-After: 1\r\n"...)
	}
	if j.snap.proxyStatus && f.Source != exchange.Client {
		dst = append(g.appendProxyStatus(append(dst, "Proxy-Status: "...), f), "\r\n"...)
	}
	if j.cache.role != roleNone && j.snap.cacheStatus {
		dst = append(j.cache.told.Append(append(dst, "Cache-Status: "...), cacheName), "\r\n"...)
	}
	if name := j.snap.requestID; name != nil && len(j.x.ID()) > 0 {
		dst = appendField(dst, name, j.x.ID())
	}
	return append(strconv.AppendInt(append(dst, "Content-Length: "...), int64(len(j.note)), 10), "\r\n"...)
}

// answer completes what a policy has put into the response.
func (g *Gateway) answer(j *journey) {
	j.x.Status = j.ctx.Response.StatusCode()
	if name := j.snap.requestID; name != nil {
		j.ctx.Response.Header.SetBytesKV(name, j.x.ID())
	}
	if e := j.route.answerEdits; e != nil {
		e.OnResponse(j.ctx, j.x)
	}
	if j.unread() {
		j.closeAfterAnswer() // waiting for it would keep the request in flight
	}
	j.text = append(j.text[:0], j.ctx.Response.Body()...)
	g.finishLocal(j)
}

// finishLocal sets the body, held in j.text, of an answer that was made here.
func (g *Gateway) finishLocal(j *journey) {
	j.ctx.Response.SetBodyRaw(j.text)
	if j.ctx.IsHead() {
		j.ctx.Response.SkipBody = true // fasthttp forgets it in what its ErrorHandler answers
	} else {
		j.x.Sent = int64(len(j.text))
	}
	if j.closing || g.draining.Load() {
		j.ctx.SetConnectionClose()
	}
	if j.conn != nil {
		j.conn.SetWriteDeadlineIn(j.snap.bodyIdle)
	}
}

// appendProblem appends the body that describes f: a line of text, or problem details
// (RFC 9457). The words are all ours, without a character that JSON would want escaped.
func appendProblem(dst []byte, text bool, f *exchange.Fault) []byte {
	status, detail := f.Status(), f.Reason.Public()
	title := titleOf(status)
	if text {
		dst = append(strconv.AppendInt(dst, int64(status), 10), ' ')
		dst = append(append(dst, title...), '\n')
		if detail != "" {
			dst = append(append(dst, detail...), '\n')
		}
		return dst
	}
	dst = append(append(dst, `{"type":"about:blank","title":"`...), title...)
	dst = strconv.AppendInt(append(dst, `","status":`...), int64(status), 10)
	if detail != "" {
		dst = append(append(append(dst, `,"detail":"`...), detail...), '"')
	}
	dst = append(append(dst, `,"reason":"`...), f.Name()...)
	return append(dst, '"', '}', '\n')
}

// titleOf is the reason phrase of a status code, for those that fasthttp does not
// know or calls by an older name too.
func titleOf(status int) string {
	switch status {
	case fasthttp.StatusRequestEntityTooLarge:
		return "Content Too Large" // RFC 9110 §15.5.14
	case fasthttp.StatusLoopDetected:
		return "Loop Detected" // RFC 5842 §7.2
	}
	return fasthttp.StatusMessage(status)
}

// wantsText reports whether the Accept field prefers text over JSON: it names a
// text type and neither JSON nor problem details. Without Accept, JSON is sent.
func wantsText(accept []byte) bool {
	return bytes.Contains(accept, []byte("text/")) && !bytes.Contains(accept, []byte("json"))
}

// appendProxyStatus writes the field value of RFC 9209 for f.
func (g *Gateway) appendProxyStatus(dst []byte, f *exchange.Fault) []byte {
	dst = append(append(dst, g.name...), "; error="...)
	dst = append(dst, f.Kind.String()...)
	if f.Reason != exchange.NoReason {
		dst = append(append(append(dst, `; details="`...), f.Reason.String()...), '"')
	}
	return dst
}

// survive turns a panic of the journey into one 500. The connection is closed,
// because nobody knows what had been read from it.
func (g *Gateway) survive(j *journey) {
	cause := recover()
	if cause == nil {
		return
	}
	g.log.Error("panic in a request", "route", j.x.Route, "panic", cause, "stack", string(debug.Stack()))
	j.closing = true
	g.fail(j, exchange.Refuse(exchange.Panicked))
}

// surviveAlone is survive for the goroutine of a hijacked connection, where no
// answer can be given any more.
func (g *Gateway) surviveAlone(j *journey) {
	if cause := recover(); cause != nil {
		g.log.Error("panic in a connection", "route", j.x.Route, slog.Any("panic", cause), "stack", string(debug.Stack()))
		j.x.Fault = exchange.Refuse(exchange.Panicked)
	}
}
