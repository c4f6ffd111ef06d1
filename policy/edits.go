package policy

import (
	"strconv"
	"strings"

	"penstock/headers"
	"penstock/options"
)

func edits() options.Policy {
	return options.Policy{
		Name: "headers", New: func() options.Declarer { return new(Headers) },
		Doc: "edits are made in the order remove, set, add. Fields of the connection, of framing, and `Host` cannot be edited",
	}
}

// Headers are the edits of a route's fields, both ways. The zero value edits nothing. After Compile
// it is immutable.
type Headers struct {
	Request  Edits
	Response Edits

	parts []any
}

// Edits change a field section: Remove first, then Set, then Add.
type Edits struct {
	Set    []options.Field // replaces every field of that name
	Add    []options.Field // appended
	Remove []string        // names, as written
}

// Describe implements options.Describer.
func (h *Headers) Describe(s *options.Section) { s.Block = true }

// Keys declares the keys of `headers`.
func (h *Headers) Keys(k options.Keys) {
	k.Section("request", h.Request.Keys, "what the backend sees")
	k.Section("response", h.Response.Keys, "what the client sees")
	k.Unknown(func(name string) string {
		if name == "set" || name == "add" || name == "remove" {
			return "; write it below request or response: response: { " + name + ": ... }"
		}
		return "; fields are written below request or response: response: { set: { " + name + ": ... } }"
	})
}

// Keys declares the keys of `headers.request` and `headers.response`.
func (e *Edits) Keys(k options.Keys) {
	k.Fields("set", &e.Set, "replaces every field of that name")
	k.Fields("add", &e.Add, "appended to those that are there", options.Many)
	k.Names("remove", &e.Remove, "of field names", options.Checked(options.FieldName), options.Quiet)
	k.Unknown(func(name string) string {
		if !options.Token(name) {
			return ""
		}
		return "; write the field below set: set: { " + name + ": ... }"
	})
}

// Compile implements options.Compiler. It reports request edits of a route that responds by itself,
// and fields that cannot be edited, and warns of values that look like variables of nginx and of
// names with a star. Parts is empty before. Edits with a problem that is known already are left
// out.
func (h *Headers) Compile(at options.Report, route options.Route) {
	if route.Responds != "" && at.Has("request") {
		at.Problem("request", "needs upstream; this route has %s", route.Responds)
	}
	if e := h.Request.compile(at, "request"); e != nil {
		h.parts = append(h.parts, requestEdits{e})
	}
	if e := h.Response.compile(at, "response"); e != nil {
		h.parts = append(h.parts, responseEdits{e})
	}
}

// compile returns nil for edits that change nothing.
func (e *Edits) compile(at options.Report, key string) *headers.Edits {
	if e.empty() || at.Reported(key) {
		return nil
	}
	warnOfVariables(at, key+".set", e.Set)
	warnOfVariables(at, key+".add", e.Add)
	for i, name := range e.Remove {
		if strings.Contains(name, "*") {
			at.Warn(key+".remove["+strconv.Itoa(i)+"]", "%q is the name of one field: a star matches nothing else", name)
		}
	}
	compiled, err := headers.NewEdits(pairs(e.Set), pairs(e.Add), e.Remove)
	if err != nil {
		at.Problem(key, "%v", err)
	}
	return compiled
}

func (e *Edits) empty() bool { return len(e.Set)+len(e.Add)+len(e.Remove) == 0 }

func pairs(fields []options.Field) []headers.Pair {
	out := make([]headers.Pair, 0, len(fields))
	for _, f := range fields {
		out = append(out, headers.Pair{Name: f.Name, Value: f.Value})
	}
	return out
}

// Parts returns the hooks for `headers.request` and `headers.response`, each only if it has
// edits. The caller must not change the slice.
func (h *Headers) Parts() []any { return h.parts }

// requestEdits is what `headers.request` does.
type requestEdits struct{ edits *headers.Edits }

// EditRequest implements RequestEditor.
func (e requestEdits) EditRequest(b *headers.Block, _ *Call) { e.edits.Apply(b) }

// responseEdits is what `headers.response` does.
type responseEdits struct{ edits *headers.Edits }

// EditFields implements Fields.
func (e responseEdits) EditFields(b *headers.Block, _ *Call) { e.edits.Apply(b) }
