package policy

import (
	"slices"

	"penstock/exchange"
	"penstock/headers"
)

// Plan is the policies of one route, sorted by what they act on. It is immutable. Each list
// is in THE ORDER, and what a route does not have is an empty list or nil. Only Compile makes it; a
// route without policies has a nil Plan, whose methods must not be called.
type Plan struct {
	request  []Request
	forward  []Forward
	target   Target
	edits    []RequestEditor
	outgoing []Outgoing
	response []Response
	fields   []Fields
	finish   []Finisher
	reserved []string
}

// Compile sorts the policies of one route by their hooks. They must come in THE ORDER, which it
// does not check. It returns nil when they have no hook at all. A value without a hook is left out,
// and of several Targets the last one counts.
func Compile(policies ...any) *Plan {
	p := new(Plan)
	hooks := 0
	for _, one := range policies {
		parts := []any{one}
		if several, ok := one.(Parts); ok {
			parts = several.Parts()
		}
		for _, part := range parts {
			hooks += p.add(part)
		}
	}
	if hooks == 0 {
		return nil
	}
	slices.Sort(p.reserved)
	p.reserved = slices.Compact(p.reserved)
	return p
}

// add takes every hook that part has and returns their number.
func (p *Plan) add(part any) (hooks int) {
	if h, ok := part.(Target); ok {
		p.target = h
		hooks++
	}
	if h, ok := part.(Outgoing); ok {
		p.reserved = append(p.reserved, h.Reserved()...)
	}
	return hooks + take(&p.request, part) + take(&p.forward, part) + take(&p.edits, part) +
		take(&p.outgoing, part) + take(&p.response, part) + take(&p.fields, part) + take(&p.finish, part)
}

// take appends part to a list if it has that hook.
func take[T any](list *[]T, part any) int {
	h, ok := part.(T)
	if !ok {
		return 0
	}
	*list = append(*list, h)
	return 1
}

// OnRequest calls the request policies in their order and returns the first verdict that is not
// Continue; later policies are not called. It returns Continue when no policy decides. p must
// not be nil.
func (p *Plan) OnRequest(c *Call) Verdict {
	for _, h := range p.request {
		if v := h.OnRequest(c); v != Continue {
			return v
		}
	}
	return Continue
}

// OnForward calls the Forward policies in their order, and returns the first verdict that is not
// Continue, as OnRequest does. p must not be nil.
func (p *Plan) OnForward(c *Call) Verdict {
	for _, h := range p.forward {
		if v := h.OnForward(c); v != Continue {
			return v
		}
	}
	return Continue
}

// Target returns what writes the path that a backend sees; nil when it sees it as received.
func (p *Plan) Target() Target { return p.target }

// EditRequest lets the policies edit the fields that a backend sees, in place.
func (p *Plan) EditRequest(b *headers.Block, c *Call) {
	for _, h := range p.edits {
		h.EditRequest(b, c)
	}
}

// AppendRequest appends to dst the field lines, each with CRLF, that the policies add to those that
// a backend sees, and returns the longer slice; dst itself when they add none.
func (p *Plan) AppendRequest(dst []byte, c *Call) []byte {
	for _, h := range p.outgoing {
		dst = h.AppendRequest(dst, c)
	}
	return dst
}

// Reserved returns the names of the fields that AppendRequest adds, sorted and each once; the
// caller must not change the slice.
func (p *Plan) Reserved() []string { return p.reserved }

// OnResponse lets the policies act on a backend's response. Their changes count as received
// afterwards.
func (p *Plan) OnResponse(c *Call, status int, head *headers.Block) {
	if len(p.response) == 0 {
		return
	}
	for _, h := range p.response {
		h.OnResponse(c, status, head)
	}
	head.Settle()
}

// EditsFields reports whether a policy edits the fields of responses to the client.
func (p *Plan) EditsFields() bool { return len(p.fields) > 0 }

// EditFields lets the policies edit the fields of a response to the client, in place.
func (p *Plan) EditFields(b *headers.Block, c *Call) {
	for _, h := range p.fields {
		h.EditFields(b, c)
	}
}

// OnFinish shows the policies the record of a request that has ended.
func (p *Plan) OnFinish(x *exchange.Exchange) {
	for _, h := range p.finish {
		h.OnFinish(x)
	}
}
