package response

import (
	"time"

	"penstock/headers"
)

// Common is what each response to a request carries, whoever made it: a backend, the cache,
// a policy, or the gateway for a fault. The zero value adds Date alone.
type Common struct {
	IDName []byte           // name of the field with the request's id, a token; nil for none
	ID     []byte           // the request's id, free of control characters; sent even if empty
	Edits  Editor           // what the route's policies do to response fields; nil for nothing, and before a route is known
	Now    func() time.Time // for the Date of a response that has none; nil means time.Now
}

// Editor changes the fields of a response. EditFields is called once for each response, with the
// fields that it may drop and add to, and not for lines that AppendLines cannot parse; it must not
// keep b.
type Editor interface{ EditFields(b *headers.Block) }

// Append appends the fields of b to dst as field lines, as the response carries them: the
// request's id first, then what the edits leave and add, then Date if that is missing
// (RFC 9110 §6.6.1). It changes b, so it must not be called twice with the same fields. Fields of
// b that are dropped, and those with the name of the id, are left out.
func (c *Common) Append(dst []byte, b *headers.Block) []byte {
	if c.IDName != nil {
		b.DropNamed(c.IDName)
		dst = AppendField(dst, c.IDName, c.ID)
	}
	if c.Edits != nil {
		c.Edits.EditFields(b)
	}
	dst = b.Append(dst)
	if !b.Has(headers.Date) {
		dst = AppendDate(dst, c.now())
	}
	return dst
}

// AppendLines is Append for fields that are text: field lines, each with CRLF, none with the name
// of the id; dated says that one is Date. They are parsed, into scratch, only when the route edits
// them; lines that cannot be parsed are appended without the edits. scratch may be nil without
// Edits.
func (c *Common) AppendLines(dst, lines []byte, dated bool, scratch *headers.Block) []byte {
	if c.Edits != nil && scratch.Parse(lines) == headers.NoProblem {
		return c.Append(dst, scratch)
	}
	if c.IDName != nil {
		dst = AppendField(dst, c.IDName, c.ID)
	}
	dst = append(dst, lines...)
	if !dated {
		dst = AppendDate(dst, c.now())
	}
	return dst
}

func (c *Common) now() time.Time {
	if c.Now == nil {
		return time.Now()
	}
	return c.Now()
}
