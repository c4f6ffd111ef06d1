package config

import "penstock/options"

// Redirect answers with another place.
type Redirect struct {
	To   string // template, see ParseTemplate: a path or an absolute http(s) URL
	Code int    // 301, 302, 303, 307 or 308
}

// redirect declares `redirect`: where to, or a mapping. While the route has none
// the keys are those of a spare one, which nothing reads.
func (r *Route) redirect() *options.Section {
	return &options.Section{
		Form:    "where to (as `to`), or a mapping",
		Want:    "text",
		Hidden:  r.Redirect == nil,
		Default: func() { r.Redirect = nil },
		Begin:   func(bool) { r.Redirect = &Redirect{Code: 308} },
		Keys: func(k options.Keys) {
			to := r.Redirect
			if to == nil {
				to = new(Redirect)
			}
			k.Itself(options.Short(options.TextOf(&to.To)))
			to.Keys(k)
		},
	}
}

// Keys declares the keys of `redirect`.
func (r *Redirect) Keys(k options.Keys) {
	k.Text("to", &r.To, "a path, or `http(s)://host/path` with a fixed host; both may use the names of `path`. "+
		"The query goes along unless `to` has its own", options.Required)
	codes := []int{301, 302, 303, 307, 308}
	k.Add("code", options.OneOfStandard(&r.Code, 308, []string{"301", "302", "303", "307", "308"}, codes), "the status")
}

// Respond is a fixed answer.
type Respond struct {
	Status  int // 200..599
	Headers []Field
	Body    string
}

// Field is one header field to write.
type Field = options.Field

// respond declares `respond`: a status, or a mapping.
func (r *Route) respond() *options.Section {
	return &options.Section{
		Form:    "a status, or a mapping",
		Block:   true,
		Hidden:  r.Respond == nil,
		Default: func() { r.Respond = nil },
		Begin:   func(bool) { r.Respond = &Respond{Status: 200} },
		Check:   func(at options.Report) { r.Respond.check(at) },
		Keys: func(k options.Keys) {
			response := r.Respond
			if response == nil {
				response = new(Respond)
			}
			k.Itself(options.Short(options.CountOf(&response.Status, 200, options.Within(200, 599))))
			response.Keys(k)
		},
	}
}

// Keys declares the keys of `respond`.
func (r *Respond) Keys(k options.Keys) {
	k.Count("status", &r.Status, 200, "", options.Within(200, 599))
	k.Fields("headers", &r.Headers, "", options.Many)
	k.Text("body", &r.Body, "of any length", options.AnyText, options.Means("empty"))
}

func (r *Respond) check(at options.Report) {
	if r.Body != "" && (r.Status == 204 || r.Status == 304) {
		at.Problem("body", "a %d answer has none", r.Status)
	}
}

// Headers are the edits of a route, both ways.
type Headers struct {
	Request  Edits
	Response Edits
}

// Keys declares the keys of `headers`.
func (h *Headers) Keys(k options.Keys) {
	k.Section("request", h.Request.Keys, "what the backend sees")
	k.Section("response", h.Response.Keys, "what the client sees")
}

// Edits change a field section: Remove first, then Set, then Add.
type Edits struct {
	Set    []Field  // replaces every field of that name
	Add    []Field  // appended
	Remove []string // names, as written
}

// Empty reports whether the edits change nothing.
func (e *Edits) Empty() bool {
	return len(e.Set) == 0 && len(e.Add) == 0 && len(e.Remove) == 0
}

// Keys declares the keys of `headers.request` and `headers.response`.
func (e *Edits) Keys(k options.Keys) {
	k.Fields("set", &e.Set, "replaces every field of that name")
	k.Fields("add", &e.Add, "appended to those that are there", options.Many)
	k.Names("remove", &e.Remove, "of field names", options.Checked(options.FieldName), options.Quiet)
}
