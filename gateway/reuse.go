package gateway

import (
	"strconv"

	"github.com/valyala/fasthttp"

	"penstock/cache"
	"penstock/cache/rfc9111"
	"penstock/exchange"
	"penstock/headers"
)

// reuse answers with the stored response in j.cache: with all of it, with parts, or
// with 304. how is what Cache-Status shall tell. False means that a part of the
// body is gone; then nothing was answered, and nothing counts as found.
func (g *Gateway) reuse(j *journey, how rfc9111.Handling) bool {
	c := &j.cache
	c.told, c.outcome = how, outcomeOfReuse(&how)
	e := c.entry
	if c.ask.Conditional() && c.ask.NotModified(&c.meta, &c.stored) {
		return g.respondStored(j, fasthttp.StatusNotModified)
	}
	switch c.ask.Ranges(&c.meta, &c.stored, e.BodySize, &c.ranges) {
	case rfc9111.OnePart, rfc9111.SeveralParts:
		if !c.body.open(j, c.ranges.Parts) {
			return c.vanished()
		}
		return g.respondStored(j, fasthttp.StatusPartialContent)
	case rfc9111.NoSatisfaction:
		return g.respondStored(j, fasthttp.StatusRequestedRangeNotSatisfiable)
	}
	if e.Kind == cache.Pieces && c.ask.Method != rfc9111.Head && !c.body.open(j, nil) {
		return c.vanished()
	}
	return g.respondStored(j, int(e.Status))
}

// outcomeOfReuse is the word for metrics and log.
func outcomeOfReuse(how *rfc9111.Handling) exchange.CacheOutcome {
	switch {
	case how.Status == fasthttp.StatusNotModified:
		return exchange.CacheRevalidated
	case how.Timed && how.TTL <= 0:
		return exchange.CacheStale
	}
	return exchange.CacheHit
}

// vanished forgets what was found: the store has lost a part of the body.
func (c *caching) vanished() bool {
	c.found, c.outcome = false, exchange.CacheMiss
	c.decision = rfc9111.Decision{Use: rfc9111.Nothing, Forward: rfc9111.ForwardMiss}
	c.told = rfc9111.Handling{Forward: rfc9111.ForwardMiss}
	return false
}

// respondStored writes the head of an answer from the store, and its body or where
// that comes from. It always returns true.
func (g *Gateway) respondStored(j *journey, status int) bool {
	c := &j.cache
	j.text = j.appendStored(j.text[:0], status)
	if !c.body.opened() && g.respondStoredWhole(j, status) {
		return true
	}
	if !g.setText(j, status) {
		g.fail(j, &exchange.Fault{Kind: exchange.ProxyInternalError, Source: exchange.Gateway})
		return true
	}
	answer := &j.ctx.Response
	j.x.Status = status
	switch {
	case status == fasthttp.StatusNotModified, c.unsatisfied(status):
		answer.SetBodyRaw(nil)
	case c.ask.Method == rfc9111.Head:
		answer.SetBodyRaw(nil)
		answer.SkipBody = true
	case c.body.opened():
		answer.ImmediateHeaderFlush = true
		answer.SetBodyStream(&c.body, int(c.body.size))
	default:
		answer.SetBodyRaw(c.entry.Inline)
		j.x.Sent = int64(len(c.entry.Inline))
	}
	return true
}

// respondStoredWhole is respondWhole for an answer from the store without a stream.
func (g *Gateway) respondStoredWhole(j *journey, status int) bool {
	c, body := &j.cache, []byte(nil)
	switch {
	case status == fasthttp.StatusNotModified, status == fasthttp.StatusNoContent, c.ask.Method == rfc9111.Head:
		return g.respondWhole(j, status, nil, true)
	case !c.unsatisfied(status):
		body = c.entry.Inline
	}
	return g.respondWhole(j, status, body, false)
}

// unsatisfied reports whether a 416 is made here for the client's range. A stored one
// is the origin's, and goes out as it came.
func (c *caching) unsatisfied(status int) bool {
	return status == fasthttp.StatusRequestedRangeNotSatisfiable && int(c.entry.Status) != status
}

// appendStored appends the head of an answer from the store, without its last line.
func (j *journey) appendStored(dst []byte, status int) []byte {
	c := &j.cache
	dst = append(dst, "HTTP/1.1 "...)
	dst = strconv.AppendInt(dst, int64(status), 10)
	dst = append(append(append(dst, ' '), titleOf(status)...), "\r\n"...)
	if name := j.snap.requestID; name != nil {
		dst = appendField(dst, name, j.x.ID())
	}
	dst = j.appendKept(dst, status)
	dst = append(dst, "Age: "...)
	dst = strconv.AppendInt(dst, int64(c.meta.Age(c.now).Seconds()), 10)
	dst = j.appendCacheStatus(append(dst, "\r\n"...))
	size := c.entry.BodySize
	switch {
	case c.unsatisfied(status):
		dst = append(rfc9111.AppendUnsatisfied(append(dst, "Content-Range: "...), size), "\r\n"...)
	case status == fasthttp.StatusPartialContent && len(c.ranges.Parts) == 1:
		dst = append(rfc9111.AppendContentRange(append(dst, "Content-Range: "...), c.ranges.Parts[0], size), "\r\n"...)
	case status == fasthttp.StatusPartialContent:
		dst = append(append(append(dst, "Content-Type: multipart/byteranges; boundary="...), c.body.parts.Boundary...), "\r\n"...)
	case c.ask.Method == rfc9111.Head && status != fasthttp.StatusNotModified && status != fasthttp.StatusNoContent:
		dst = append(strconv.AppendInt(append(dst, "Content-Length: "...), size, 10), "\r\n"...)
	}
	return dst
}

// appendKept appends the stored fields that belong into this answer. Most go as they
// are; they are read again only when the route edits them or some are left out.
func (j *journey) appendKept(dst []byte, status int) []byte {
	c := &j.cache
	whole := status == int(c.entry.Status)
	if whole && j.route.answerEdits == nil {
		return append(dst, c.stored...)
	}
	b := &j.resp.Head
	if b.Parse(c.stored) != headers.NoProblem {
		return append(dst, c.stored...) // it was read strictly before it was stored
	}
	for i := range b.Fields {
		f := &b.Fields[i]
		switch {
		case whole:
		case status == fasthttp.StatusNotModified:
			f.Drop = !rfc9111.In304(f.Name)
		case status == fasthttp.StatusRequestedRangeNotSatisfiable, len(c.ranges.Parts) > 1:
			f.Drop = f.ID == headers.ContentType
		}
	}
	if e := j.route.answerEdits; e != nil {
		e.Edits().Apply(b)
	}
	return b.Append(dst)
}
