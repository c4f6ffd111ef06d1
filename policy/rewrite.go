package policy

import (
	"strings"

	"penstock/options"
)

func rewrites() options.Policy {
	return options.Policy{
		Name: "rewrite", New: func() options.Declarer { return new(Rewrite) }, Default: "as received", Routes: options.Forwarding,
		Doc: "path for the backend, with the names of `path`: `\"/v2/{id}\"`; the query stays as it came",
	}
}

// Rewrite gives the backend another path than the client's.
type Rewrite struct {
	Path string // template, starts with "/" and has no query; see Template

	target *Template
}

// Keys declares the value of `rewrite`.
func (r *Rewrite) Keys(k options.Keys) { k.Itself(options.TextOf(&r.Path)) }

// Compile implements options.Compiler. It reports a Path that is no valid template, has a query, or
// uses a name that the route's path does not capture. It reports and compiles nothing for an empty
// Path, which reading has refused.
func (r *Rewrite) Compile(at options.Report, route options.Route) {
	if r.Path == "" {
		return // said already
	}
	known := checkParams(at, "", r.Path, route)
	if !strings.HasPrefix(r.Path, "/") || strings.ContainsFunc(r.Path, notInTemplate) {
		hint := ""
		if strings.Contains(r.Path, "$") {
			hint = `; with path: "/a/{rest:*}" it may be "/b/{rest}"`
		}
		at.Problem("", "got %q, want a path that starts with /, without a query%s", r.Path, hint)
	} else if known {
		r.target = compileTemplate(at, "", r.Path, route)
	}
}

// AppendTarget implements Target: the path that came is not used. Compile must have succeeded
// before.
func (r *Rewrite) AppendTarget(dst, _ []byte, c *Call) []byte {
	return r.target.Append(dst, c.X)
}

// HasQuery implements Target. It is always false. Compile must have succeeded before.
func (r *Rewrite) HasQuery() bool { return r.target.HasQuery() }
