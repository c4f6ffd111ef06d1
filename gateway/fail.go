package gateway

import (
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"strconv"
	"time"

	"penstock/exchange"
	"penstock/headers"
	"penstock/response"
)

// fail turns a fault into a response: the only place where an error becomes HTTP. The client
// reads the fault's public sentence, the log its cause.
func (g *proxy) fail(j *journey, f *exchange.Fault) {
	j.x.Fault = f
	j.out.resp.Discard()
	if f.Err != nil {
		g.log.Debug("request failed", "route", j.x.Route, "fault", f.Name(), "source", f.Source.String(), "error", f.Err)
	}
	r := &j.response
	r.Reset(maxKeptBuffer)
	r.Begin(f.Status(), nil)
	// The bytes that follow on the connection cannot be trusted, or were not read.
	if f.Reason.Closes() || f.Source == exchange.Client || j.stream.BodyUnread() {
		r.CloseAfter()
	}

	text := response.WantsText(j.request.Head.Get(headers.Accept))
	var more response.Problem
	if f == j.call.Fault() {
		more = j.call.Problem()
	}
	j.note = response.AppendProblem(j.note[:0], text, f, more)
	j.text = response.AppendProblemType(j.text[:0], text)
	own := len(j.refusal) > 0 && j.fields.Parse(j.refusal) == headers.NoProblem && j.fields.Has(headers.RetryAfter)
	if f.Reason.RetryAfter() && !own { // a policy knows better when
		j.text = appendRetryAfter(j.text, f)
	}
	j.text = append(j.text, j.refusal...)
	c := j.common()
	lines := c.AppendLines(r.Fields[:0], j.text, false, &j.fields)
	if j.snap.proxyStatus {
		lines = response.AppendProxyStatus(lines, j.snap.config.Name, f)
	}
	r.SetFields(j.cache.AppendStatus(lines))
	j.finishLocal(j.note)
	g.send(j)
}

// appendRetryAfter appends after how many seconds the client may try again. Clients that were
// refused for the same overload get 1 to 3, so that they do not come back together.
func appendRetryAfter(dst []byte, f *exchange.Fault) []byte {
	seconds := int64(max(1, (f.Wait+time.Second-1)/time.Second))
	if f.Reason == exchange.QueueFull || f.Reason == exchange.QueueTimeout {
		seconds += rand.Int64N(3)
	}
	return append(strconv.AppendInt(append(dst, "Retry-After: "...), seconds, 10), "\r\n"...)
}

// sendLocal completes and sends the response that a policy has made.
func (g *proxy) sendLocal(j *journey) {
	r := &j.response
	c := j.common()
	j.text = append(j.text[:0], r.Fields...)
	r.SetFields(c.AppendLines(r.Fields[:0], j.text, false, &j.fields))
	if j.stream.BodyUnread() {
		r.CloseAfter() // waiting for it would keep the request in flight
	}
	g.send(j)
}

// finishLocal gives a response of our own its body. The response to HEAD states only how long
// it would be.
func (j *journey) finishLocal(body []byte) {
	if j.response.SetBody(body); string(j.stream.Head().Method) == "HEAD" {
		j.response.SetLength(int64(len(body)))
	}
}

// survive turns a panic of the journey into one 500. The connection is closed,
// because nobody knows what had been read from it.
func (g *proxy) survive(j *journey) {
	cause := recover()
	if cause == nil {
		return
	}
	g.log.Error("panic in a request", "route", j.x.Route, "panic", cause, "stack", string(debug.Stack()))
	g.failAfterPanic(j)
}

// failAfterPanic sends the 500; without the fields of policies if one of those panics again.
func (g *proxy) failAfterPanic(j *journey) {
	defer func() {
		if recover() != nil {
			j.bare = true
			g.fail(j, exchange.Refuse(exchange.Panicked))
		}
	}()
	g.fail(j, exchange.Refuse(exchange.Panicked))
}

// surviveAlone is survive for a goroutine of a tunnel or of a background fetch, where no
// response can be sent.
func (g *proxy) surviveAlone(j *journey) {
	if cause := recover(); cause != nil {
		g.log.Error("panic in a connection", "route", j.x.Route, slog.Any("panic", cause), "stack", string(debug.Stack()))
		j.x.Fault = exchange.Refuse(exchange.Panicked)
	}
}
