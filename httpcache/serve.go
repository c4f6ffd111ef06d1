package httpcache

import (
	"strconv"

	"penstock/cache"
	"penstock/cache/rfc9111"
	"penstock/exchange"
	"penstock/headers"
)

// serveStored writes the stored response for the client: all of it, parts of it, or a 304. how
// is what Cache-Status shall say. False means that a part of the body is gone; then nothing
// was written, and nothing counts as found.
func (t *Transaction) serveStored(how rfc9111.Handling) bool {
	s := &t.stored
	t.status.reuses(how)
	if t.rules.Conditional() && t.rules.NotModified(&s.meta, &s.lines) {
		t.respond(statusNotModified)
		return true
	}
	switch t.rules.Ranges(&s.meta, &s.lines, s.entry.BodySize, &t.ranges) {
	case rfc9111.OnePart, rfc9111.SeveralParts:
		if !t.openBody(t.ranges.Parts) {
			return t.vanished()
		}
		t.respond(statusPartialContent)
		return true
	case rfc9111.NoSatisfaction:
		t.respond(statusRangeNotSatisfiable)
		return true
	}
	if s.entry.Kind == cache.Segments && t.rules.Method != rfc9111.Head && !t.openBody(nil) {
		return t.vanished()
	}
	t.respond(int(s.entry.Status))
	return true
}

// vanished forgets what was found: the store has lost a part of the body. It returns false.
func (t *Transaction) vanished() bool {
	t.stored.found, t.status.outcome = false, exchange.CacheMiss
	t.decision = rfc9111.Decision{Use: rfc9111.Nothing, Forward: rfc9111.ForwardMiss}
	t.status.say(rfc9111.Handling{Forward: rfc9111.ForwardMiss})
	return false
}

// openBody prepares the stored body, or some ranges of it, for the client.
func (t *Transaction) openBody(ranges []rfc9111.ByteRange) bool {
	s := &t.stored
	t.body.record = t.req.Record
	return t.body.open(t.engine.store, s, ranges)
}

// respond writes a response from the store.
func (t *Transaction) respond(status int) {
	r := t.req.Response
	r.Begin(status, nil)
	r.SetFields(t.appendFields(r.Fields[:0], status))
	switch {
	case status == statusNotModified, status == statusNoContent:
	case t.stored.unsatisfied(status):
		r.SetLength(0)
	case t.rules.Method == rfc9111.Head:
		r.SetLength(t.stored.entry.BodySize)
	case t.body.opened():
		r.SetStream(&t.body, t.body.size)
	default:
		r.SetBody(t.stored.entry.Inline)
	}
}

// unsatisfied reports whether a 416 is made here for the client's range. A stored one is the
// origin's, and goes out as it came.
func (s *stored) unsatisfied(status int) bool {
	return status == statusRangeNotSatisfiable && int(s.entry.Status) != status
}

// appendFields appends the fields of a response from the store.
func (t *Transaction) appendFields(dst []byte, status int) []byte {
	dst = t.appendStored(dst, status)
	dst = append(dst, "Age: "...)
	dst = strconv.AppendInt(dst, int64(t.stored.meta.Age(t.times.now).Seconds()), 10)
	dst = t.AppendStatus(append(dst, "\r\n"...))
	switch size := t.stored.entry.BodySize; {
	case t.stored.unsatisfied(status):
		dst = append(rfc9111.AppendUnsatisfied(append(dst, "Content-Range: "...), size), "\r\n"...)
	case status == statusPartialContent && len(t.ranges.Parts) == 1:
		dst = append(rfc9111.AppendContentRange(append(dst, "Content-Range: "...), t.ranges.Parts[0], size), "\r\n"...)
	case status == statusPartialContent:
		dst = append(append(append(dst, "Content-Type: multipart/byteranges; boundary="...), t.body.parts.Boundary...), "\r\n"...)
	}
	return dst
}

// appendStored appends the stored fields that belong into this response. Most go as they are;
// they are read again only when the route edits them or some are left out.
func (t *Transaction) appendStored(dst []byte, status int) []byte {
	common := &t.req.Common
	if status == int(t.stored.entry.Status) {
		return common.AppendLines(dst, t.stored.lines, true, &t.block)
	}
	b := &t.block
	if b.Parse(t.stored.lines) != headers.NoProblem {
		return common.AppendLines(dst, t.stored.lines, true, b) // it was read strictly before it was stored
	}
	for i := range b.Fields {
		f := &b.Fields[i]
		switch {
		case status == statusNotModified:
			f.Drop = !rfc9111.In304(f.Name)
		case status == statusRangeNotSatisfiable, len(t.ranges.Parts) > 1:
			f.Drop = f.ID == headers.ContentType
		}
	}
	return common.Append(dst, b)
}
