package config

import (
	"strings"

	"penstock/options"
)

// maxRetries is the largest number of further tries.
const maxRetries = 10

func readRetry(d *decoder, v value, r *draft) {
	retry := &r.route.Retry
	switch {
	case off(v):
		retry.Times = 0
	case on(v):
	case v.node.Kind == scalarNode && options.Digits(v.node.Value):
		d.count(v, 0, maxRetries, &retry.Times)
	case v.node.Kind == scalarNode:
		d.problem(v, "got %q, want off, a number of further tries, or a mapping", v.node.Value)
	default:
		if mapping(d, v, retryFields, retry) {
			d.checkRetry(v, retry)
		}
	}
	if retry.Times == 0 {
		*retry = Retry{}
	}
}

var retryFields = []field[Retry]{
	{key: "times", read: func(d *decoder, v value, r *Retry) { d.count(v, 0, maxRetries, &r.Times) }},
	{key: "when", read: readWhen},
	{key: "backoff", read: readBackoff},
	{key: "methods", read: func(d *decoder, v value, r *Retry) { r.Methods = d.unique(v, methodName) }},
	{key: "need", read: func(d *decoder, v value, r *Retry) {
		if s, ok := d.line(v); ok && !token(s) {
			d.problem(v, "got %q, want the name of a header field", s)
		} else if ok {
			r.Need = s
		}
	}},
}

func readWhen(d *decoder, v value, r *Retry) {
	r.Connect, r.Reset, r.Timeout, r.Statuses = false, false, false, nil
	items := d.list(v)
	if len(items) == 0 {
		d.problem(v, "got no condition; write retry: off to switch retries off")
	}
	for _, item := range items {
		s, ok := d.text(item)
		if !ok {
			continue
		}
		codes, isStatus := options.ParseStatuses(s)
		switch {
		case s == "connect":
			r.Connect = true
		case s == "reset":
			r.Reset = true
		case s == "timeout":
			r.Timeout = true
		case isStatus:
			r.Statuses = append(r.Statuses, codes)
		default:
			d.problem(item, "got %q, want connect, reset, timeout, or a status such as 502, 5xx or 502-504%s",
				s, options.DidYouMean(s, []string{"connect", "reset", "timeout"}))
		}
	}
}

func readBackoff(d *decoder, v value, r *Retry) {
	if off(v) {
		r.Backoff = Backoff{}
		return
	}
	s, ok := d.text(v)
	if !ok {
		return
	}
	from, to, _ := strings.Cut(s, "..")
	low, okLow := options.ParseDuration(strings.TrimSpace(from))
	high, okHigh := options.ParseDuration(strings.TrimSpace(to))
	switch {
	case !okLow || !okHigh:
		d.problem(v, "got %q, want %s, or off", s, options.RangeForm)
	case low > high || low == 0 || high > options.MaxDuration:
		d.problem(v, "got %q, want the shorter duration first and both above 0s", s)
	default:
		r.Backoff = Backoff{Min: low, Max: high}
	}
}

func readRedirect(d *decoder, v value, r *draft) {
	to := &Redirect{Code: 308}
	r.route.Redirect = to
	if v.node.Kind != mappingNode {
		to.To, _ = d.line(v)
		return
	}
	if mapping(d, v, redirectFields, to) && !d.has(v, "to") {
		d.problem(v, "has no to")
	}
}

var redirectFields = []field[Redirect]{
	{key: "to", read: func(d *decoder, v value, r *Redirect) { r.To, _ = d.line(v) }},
	{key: "code", read: func(d *decoder, v value, r *Redirect) {
		codes := []string{"301", "302", "303", "307", "308"}
		if i, ok := d.choice(v, codes); ok {
			r.Code, _ = options.StatusCode(codes[i])
		}
	}},
}

func readRespond(d *decoder, v value, r *draft) {
	answer := &Respond{Status: 200}
	r.route.Respond = answer
	if v.node.Kind == scalarNode {
		d.count(v, 200, 599, &answer.Status)
		return
	}
	if mapping(d, v, respondFields, answer) && answer.Body != "" && (answer.Status == 204 || answer.Status == 304) {
		d.problemIn(v, "body", "a %d answer has none", answer.Status)
	}
}

var respondFields = []field[Respond]{
	{key: "status", read: func(d *decoder, v value, r *Respond) { d.count(v, 200, 599, &r.Status) }},
	{key: "headers", read: func(d *decoder, v value, r *Respond) { r.Headers = d.fields(v, true) }},
	{key: "body", read: func(d *decoder, v value, r *Respond) { r.Body, _ = d.text(v) }},
}

var headerFields = []field[Headers]{
	section("request", editFields, func(h *Headers) *Edits { return &h.Request }),
	section("response", editFields, func(h *Headers) *Edits { return &h.Response }),
}

var editFields = []field[Edits]{
	{key: "set", read: func(d *decoder, v value, e *Edits) { e.Set = d.fields(v, false) }},
	{key: "add", read: func(d *decoder, v value, e *Edits) { e.Add = d.fields(v, true) }},
	{key: "remove", read: func(d *decoder, v value, e *Edits) { e.Remove = d.unique(v, fieldName) }},
}

// fields reads a mapping of field names to a value or, where many are allowed,
// a list of values.
func (d *decoder) fields(v value, many bool) []Field {
	pairs, _ := d.pairs(v)
	var all []Field
	var seen []string
	for _, p := range pairs {
		if _, wrong := fieldName(p.key); wrong != "" {
			d.problemAt(p.place, p.value.path, "got %q, %s", p.key, wrong)
			continue
		}
		if contains(seen, p.key) {
			d.problemAt(p.place, p.value.path, "stands twice; case makes no difference in a field name")
		}
		seen = append(seen, p.key)
		if !d.written(p.value) {
			continue
		}
		items := []value{p.value}
		if many && p.value.node.Kind == sequenceNode {
			items = d.list(p.value)
		}
		for _, item := range items {
			if s, ok := d.fieldValue(item, p.key); ok {
				all = append(all, Field{Name: p.key, Value: s})
			}
		}
	}
	return all
}

// fieldValue reads the value of the field name (RFC 9110 §5.5).
func (d *decoder) fieldValue(v value, name string) (string, bool) {
	s, ok := d.text(v)
	if !ok {
		return "", false
	}
	inner := func(r rune) bool { return control(r) && r != '\t' }
	if strings.ContainsFunc(s, inner) || strings.Trim(s, " \t") != s {
		if secretField(name) {
			s = redacted
		}
		d.problem(v, "got %q, want one line without blanks around it", s)
		return "", false
	}
	return s, true
}

// checkRetry notes what is wrong with the parts of a retry together.
func (d *decoder) checkRetry(v value, r *Retry) {
	var risky string
	for _, m := range r.Methods {
		if !contains(idempotentMethods(), m) {
			risky = m
		}
	}
	switch {
	case d.has(v, "methods") && len(r.Methods) == 0:
		d.problemIn(v, "methods", "names no method; write retry: off to switch retries off")
	case risky != "" && r.Need == "" && !d.has(v, "need"):
		d.problemIn(v, "methods", "%s is not idempotent: add need: Idempotency-Key, so that it is repeated only when the backend can tell", risky)
	case risky == "" && r.Need != "":
		d.problemIn(v, "need", "does nothing: every method here is idempotent")
	}
}
