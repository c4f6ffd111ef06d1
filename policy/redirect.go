package policy

import (
	"bytes"
	"strings"

	"penstock/headers"
	"penstock/options"
)

func redirects() options.Policy {
	return options.Policy{
		Name: "redirect", New: func() options.Declarer { return new(Redirect) },
		Default: "one of three", Routes: options.Responding,
	}
}

// Redirect responds to every request with another place (RFC 9110 §15.4). Location is
// what the template says: a path stays a path, and nothing is ever built from the
// Host that the client sent. The request's query is kept when the template has none.
type Redirect struct {
	To   string // template of the Location; see Template
	Code int    // 301, 302, 303, 307 or 308; 308 where none is written

	target *Template
}

// Describe implements options.Describer.
func (r *Redirect) Describe(s *options.Section) {
	s.Form, s.Want = "where to (as `to`), or a mapping", "text"
}

// Keys declares the keys of `redirect`.
func (r *Redirect) Keys(k options.Keys) {
	k.Itself(options.Short(options.TextOf(&r.To)))
	k.Text("to", &r.To, "a path, or `http(s)://host/path` with a fixed host; both may use the names of `path`. "+
		"The query goes along unless `to` has its own", options.Required)
	codes := []int{301, 302, 303, 307, 308}
	k.Add("code", options.OneOfStandard(&r.Code, 308, []string{"301", "302", "303", "307", "308"}, codes), "the status")
}

// Compile implements options.Compiler. It reports a To that is no valid template, or uses a name
// that the route's path does not capture. It reports and compiles nothing for an empty To, which
// reading has refused, and does not check Code.
func (r *Redirect) Compile(at options.Report, route options.Route) {
	if r.To == "" {
		return // said already
	}
	known := checkParams(at, "to", r.To, route)
	if !redirectTarget(r.To) {
		at.Problem("to", "got %q, want a path that starts with one /, or http(s)://host/path with a fixed host", r.To)
	} else if known {
		r.target = compileTemplate(at, "to", r.To, route)
	}
}

// redirectTarget reports whether s is a path, or a URL with a fixed host.
func redirectTarget(s string) bool {
	if strings.ContainsFunc(s, func(r rune) bool { return r != '?' && r != '#' && notInTemplate(r) }) {
		return false
	}
	if strings.HasPrefix(s, "/") {
		return !strings.HasPrefix(s, "//")
	}
	rest, http := strings.CutPrefix(s, "http://")
	rest, https := strings.CutPrefix(rest, "https://")
	host, _, _ := strings.Cut(rest, "/")
	return (http || https) && headers.ValidHost(bytes.ToLower([]byte(host)))
}

// OnRequest implements Request. It always returns Responded. Compile must have succeeded before.
func (r *Redirect) OnRequest(c *Call) Verdict {
	var room [512]byte
	location := r.target.Append(room[:0], c.X)
	if len(c.Query) > 0 && !r.target.HasQuery() {
		location = appendEncoded(append(location, '?'), c.Query, tailSafe)
	}
	c.respond(r.Code, nil, nil)
	c.Response.AddField(locationName, location)
	return Responded
}

var locationName = []byte("Location")
