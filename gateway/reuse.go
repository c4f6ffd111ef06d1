package gateway

import (
	"strconv"

	"penstock/cache"
	"penstock/cache/rfc9111"
	"penstock/exchange"
	"penstock/headers"
)

// reuse answers with the stored response in j.cache: with all of it, with parts, or
// with 304. how is what Cache-Status shall tell. False means that a part of the
// body is gone; then nothing was answered, and nothing counts as found.
func (g *proxy) reuse(j *journey, how rfc9111.Handling) bool {
	c := &j.cache
	c.told, c.outcome = how, outcomeOfReuse(&how)
	e := c.entry
	if c.ask.Conditional() && c.ask.NotModified(&c.meta, &c.stored) {
		return g.respondStored(j, statusNotModified)
	}
	switch c.ask.Ranges(&c.meta, &c.stored, e.BodySize, &c.ranges) {
	case rfc9111.OnePart, rfc9111.SeveralParts:
		if !c.body.open(j, c.ranges.Parts) {
			return c.vanished()
		}
		return g.respondStored(j, statusPartialContent)
	case rfc9111.NoSatisfaction:
		return g.respondStored(j, statusRangeNotSatisfiable)
	}
	if e.Kind == cache.Segments && c.ask.Method != rfc9111.Head && !c.body.open(j, nil) {
		return c.vanished()
	}
	return g.respondStored(j, int(e.Status))
}

// outcomeOfReuse is the word for metrics and log.
func outcomeOfReuse(how *rfc9111.Handling) exchange.CacheOutcome {
	switch {
	case how.Status == statusNotModified:
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

// respondStored sends a response from the store. It always returns true.
func (g *proxy) respondStored(j *journey, status int) bool {
	c, r := &j.cache, &j.response
	r.Begin(status, nil)
	r.SetFields(j.appendStored(r.Fields[:0], status))
	switch {
	case status == statusNotModified, status == statusNoContent:
	case c.unsatisfied(status):
		r.SetLength(0)
	case c.ask.Method == rfc9111.Head:
		r.SetLength(c.entry.BodySize)
	case c.body.opened():
		r.SetStream(&c.body, c.body.size)
	default:
		r.SetBody(c.entry.Inline)
	}
	g.send(j)
	return true
}

// unsatisfied reports whether a 416 is made here for the client's range. A stored one
// is the origin's, and goes out as it came.
func (c *caching) unsatisfied(status int) bool {
	return status == statusRangeNotSatisfiable && int(c.entry.Status) != status
}

// appendStored appends the fields of a response from the store.
func (j *journey) appendStored(dst []byte, status int) []byte {
	c := &j.cache
	dst = j.appendKept(dst, status)
	dst = append(dst, "Age: "...)
	dst = strconv.AppendInt(dst, int64(c.meta.Age(c.now).Seconds()), 10)
	dst = j.appendCacheStatus(append(dst, "\r\n"...))
	switch size := c.entry.BodySize; {
	case c.unsatisfied(status):
		dst = append(rfc9111.AppendUnsatisfied(append(dst, "Content-Range: "...), size), "\r\n"...)
	case status == statusPartialContent && len(c.ranges.Parts) == 1:
		dst = append(rfc9111.AppendContentRange(append(dst, "Content-Range: "...), c.ranges.Parts[0], size), "\r\n"...)
	case status == statusPartialContent:
		dst = append(append(append(dst, "Content-Type: multipart/byteranges; boundary="...), c.body.parts.Boundary...), "\r\n"...)
	}
	return dst
}

// appendKept appends the stored fields that belong into this response. Most go as they are;
// they are read again only when the route edits them or some are left out.
func (j *journey) appendKept(dst []byte, status int) []byte {
	c, common := &j.cache, j.common()
	whole := status == int(c.entry.Status)
	if whole {
		return common.AppendLines(dst, c.stored, true, &j.fields)
	}
	b := &j.fields
	if b.Parse(c.stored) != headers.NoProblem {
		return common.AppendLines(dst, c.stored, true, &j.fields) // it was read strictly before it was stored
	}
	for i := range b.Fields {
		f := &b.Fields[i]
		switch {
		case status == statusNotModified:
			f.Drop = !rfc9111.In304(f.Name)
		case status == statusRangeNotSatisfiable, len(c.ranges.Parts) > 1:
			f.Drop = f.ID == headers.ContentType
		}
	}
	return common.Append(dst, b)
}
