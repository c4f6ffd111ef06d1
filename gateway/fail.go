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
	ctx := j.ctx
	ctx.Response.Reset()
	ctx.SetStatusCode(j.x.Status)
	h := &ctx.Response.Header
	j.text = appendProblem(j.text[:0], h, &j.head, f)
	switch f.Reason {
	case exchange.Overloaded, exchange.TooManyConnections, exchange.QueueFull, exchange.QueueTimeout:
		h.Set(fasthttp.HeaderRetryAfter, "1")
	}
	if j.snap.proxyStatus && f.Source != exchange.Client {
		j.note = g.appendProxyStatus(j.note[:0], f)
		h.SetBytesV("Proxy-Status", j.note)
	}
	if j.cache.role != roleNone && j.snap.cacheStatus {
		j.note = j.cache.told.Append(j.note[:0], cacheName)
		h.SetBytesV("Cache-Status", j.note)
	}
	if name := j.snap.requestID; name != nil && len(j.x.ID()) > 0 {
		h.SetBytesKV(name, j.x.ID())
	}
	if f.Source == exchange.Client || j.unread() {
		j.closeAfterAnswer() // what follows on the connection cannot be trusted, or was not read
	}
	g.finishLocal(j)
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

// appendProblem writes the body that describes f: problem details (RFC 9457)
// for clients that accept JSON, a line of text for the others.
func appendProblem(dst []byte, h *fasthttp.ResponseHeader, request *headers.Block, f *exchange.Fault) []byte {
	status, detail := f.Status(), f.Reason.Public()
	title := titleOf(status)
	if wantsText(request.Get(headers.Accept)) {
		h.SetContentType("text/plain; charset=utf-8")
		dst = append(strconv.AppendInt(dst, int64(status), 10), ' ')
		dst = append(append(dst, title...), '\n')
		if detail != "" {
			dst = append(append(dst, detail...), '\n')
		}
		return dst
	}
	h.SetContentType("application/problem+json")
	dst = append(dst, `{"type":"about:blank","title":`...)
	dst = strconv.AppendQuote(dst, title)
	dst = append(dst, `,"status":`...)
	dst = strconv.AppendInt(dst, int64(status), 10)
	if detail != "" {
		dst = strconv.AppendQuote(append(dst, `,"detail":`...), detail)
	}
	dst = strconv.AppendQuote(append(dst, `,"reason":`...), f.Name())
	return append(dst, '}', '\n')
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
