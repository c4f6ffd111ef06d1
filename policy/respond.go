package policy

import (
	"slices"
	"strings"

	"penstock/options"
)

func responds() options.Policy {
	return options.Policy{
		Name: "respond", New: func() options.Declarer { return new(Respond) }, Doc: "a fixed response",
		Default: "one of three", Routes: options.Responding,
	}
}

// Respond responds to every request alike. Without a Content-Type among Fields a body is plain text
// in UTF-8.
type Respond struct {
	Status int // 200 to 599
	Fields []options.Field
	Body   string // empty for none; 204, 205 and 304 have none

	lines, body []byte
}

// Describe implements options.Describer.
func (r *Respond) Describe(s *options.Section) { s.Form, s.Block = "a status, or a mapping", true }

// Keys declares the keys of `respond`.
func (r *Respond) Keys(k options.Keys) {
	k.Itself(options.Short(options.CountOf(&r.Status, 200, options.Within(200, 599))))
	k.Count("status", &r.Status, 200, "", options.Within(200, 599))
	k.Fields("headers", &r.Fields, "", options.Many)
	k.Text("body", &r.Body, "of any length", options.AnyText, options.MappingLater, options.Means("empty"))
}

// Compile implements options.Compiler: it makes the response from the keys. It reports a Body for
// a status that has none (204, 205, 304), and warns of values of Fields, not of a Body, that look
// like variables of nginx.
func (r *Respond) Compile(at options.Report, _ options.Route) {
	if r.Body != "" && (r.Status == 204 || r.Status == 205 || r.Status == 304) {
		at.Problem("body", "a %d response has none", r.Status)
	}
	warnOfVariables(at, "headers", r.Fields)
	r.lines = r.lines[:0]
	if r.Body != "" && !slices.ContainsFunc(r.Fields, isContentType) {
		r.lines = append(r.lines, "Content-Type: text/plain; charset=utf-8\r\n"...)
	}
	for _, f := range r.Fields {
		r.lines = append(r.lines, f.Name+": "+f.Value+"\r\n"...)
	}
	r.body = []byte(r.Body)
}

func isContentType(f options.Field) bool { return strings.EqualFold(f.Name, "Content-Type") }

// OnRequest implements Request. It always returns Responded; to HEAD with the length of the body
// alone. Compile must have been called before: Fields and Body are sent as they were then.
func (r *Respond) OnRequest(c *Call) Verdict {
	c.respond(r.Status, r.lines, r.body)
	return Responded
}

// respond makes the response of c one with this status, field lines and body. All responses
// share the body, so nobody may write to it.
func (c *Call) respond(status int, lines, body []byte) {
	r := c.Response
	r.Begin(status, nil)
	switch {
	case status == 204 || status == 304:
		r.SetLength(-1) // no body, and no length (RFC 9110 §8.6)
	case string(c.Method) == "HEAD":
		r.SetLength(int64(len(body)))
	default:
		r.SetBody(body)
	}
	r.SetFields(append(r.Fields, lines...))
}
