package config

import (
	"maps"
	"slices"

	"gopkg.in/yaml.v3"

	"penstock/options"
)

func (r *Route) tree(c *Config) *node {
	n := tree().put("path", free(r.Path))
	if r.Hosts != nil {
		n.put("host", texts(r.Hosts))
	}
	if r.Methods != nil {
		n.put("methods", texts(r.Methods))
	}
	if match := r.Match.tree(); len(match.Content) > 0 {
		n.put("match", match)
	}
	switch {
	case r.Redirect != nil:
		n.put("redirect", flow(tree().put("to", free(r.Redirect.To)).put("code", number(r.Redirect.Code))))
	case r.Respond != nil:
		n.put("respond", r.Respond.tree())
	default:
		r.forwarding(n, c)
	}
	if headers := r.Headers.tree(); len(headers.Content) > 0 {
		n.put("headers", headers)
	}
	n.put("limits", flow(tree().put("body", sizeOrOff(r.MaxBody)))).put("paths", printedSection(options.SectionOf(&r.Paths), false))
	if r.Targets != nil {
		n.put("cache", r.Cache.tree())
	}
	r.printPolicies(n)
	return n
}

// forwarding prints the keys that only a route with an upstream has.
func (r *Route) forwarding(n *node, c *Config) {
	n.put("upstream", r.targets(c))
	if r.Weights != nil {
		weights := flow(tree())
		for _, address := range slices.Sorted(maps.Keys(r.Weights)) {
			weights.putText(address, number(r.Weights[address]))
		}
		n.put("weights", weights)
	}
	n.put("retry", r.Retry.tree())
	n.put("timeouts", flow(tree().
		put("connect", plain(options.FormatDuration(r.Timeouts.Connect))).
		put("first_byte", durationOrOff(r.Timeouts.FirstByte)).
		put("request", durationOrOff(r.Timeouts.Request)).
		put("body_idle", durationOrOff(r.Timeouts.BodyIdle))))
	if r.Rewrite != "" {
		n.put("rewrite", free(r.Rewrite))
	}
	if r.StripPrefix != "" {
		n.put("strip_prefix", free(r.StripPrefix))
	}
	n.put("upgrades", texts(r.Upgrades))
	n.put("trailers", texts(r.Trailers))
}

func (m *Match) tree() *node {
	n := flow(tree())
	if m.Header != nil {
		n.put("header", conditionsTree(m.Header))
	}
	if m.Query != nil {
		n.put("query", conditionsTree(m.Query))
	}
	return n
}

func (r *Retry) tree() *node {
	if r.Times == 0 {
		return plain("off")
	}
	when := flow(list())
	for _, w := range []struct {
		name string
		on   bool
	}{{"connect", r.Connect}, {"reset", r.Reset}, {"timeout", r.Timeout}} {
		if w.on {
			when.Content = append(when.Content, (*yaml.Node)(plain(w.name)))
		}
	}
	for _, s := range r.Statuses {
		when.Content = append(when.Content, (*yaml.Node)(plain(s.String())))
	}
	backoff := plain("off")
	if r.Backoff.Max > 0 {
		backoff = plain(options.FormatDuration(r.Backoff.Min) + ".." + options.FormatDuration(r.Backoff.Max))
	}
	n := flow(tree()).put("times", number(r.Times)).put("when", when).put("backoff", backoff).put("methods", texts(r.Methods))
	if r.Need != "" {
		n.put("need", free(r.Need))
	}
	return n
}

func (r *Respond) tree() *node {
	n := tree().put("status", number(r.Status))
	if len(r.Headers) > 0 {
		n.put("headers", fieldsTree(r.Headers))
	}
	if r.Body != "" {
		n.put("body", free(r.Body))
	}
	return n
}

func (h *Headers) tree() *node {
	n := tree()
	if !h.Request.Empty() {
		n.put("request", h.Request.tree())
	}
	if !h.Response.Empty() {
		n.put("response", h.Response.tree())
	}
	return n
}

func (e *Edits) tree() *node {
	n := flow(tree())
	if len(e.Set) > 0 {
		n.put("set", fieldsTree(e.Set))
	}
	if len(e.Add) > 0 {
		n.put("add", fieldsTree(e.Add))
	}
	if len(e.Remove) > 0 {
		n.put("remove", texts(e.Remove))
	}
	return n
}

// fieldsTree prints fields by name; those with one name, which stand together,
// become a list.
func fieldsTree(fields []Field) *node {
	n := flow(tree())
	for i := 0; i < len(fields); {
		name := fields[i].Name
		values := flow(list())
		for ; i < len(fields) && fields[i].Name == name; i++ {
			values.Content = append(values.Content, (*yaml.Node)(hidden(name, fields[i].Value)))
		}
		if len(values.Content) == 1 {
			n.putText(name, (*node)(values.Content[0]))
		} else {
			n.putText(name, values)
		}
	}
	return n
}

// targets prints the upstreams of a route in the shortest form that says the same.
func (r *Route) targets(c *Config) *node {
	if len(r.Targets) != 1 || r.Targets[0].Weight != 1 {
		n := flow(tree())
		for _, t := range r.Targets {
			n.putText(t.Upstream, number(t.Weight))
		}
		return n
	}
	u := c.Upstream(r.Targets[0].Upstream)
	if u == nil || !u.Inline || len(u.Backends) == 1 {
		return free(r.Targets[0].Upstream)
	}
	n := flow(list())
	for i := range u.Backends {
		n.Content = append(n.Content, (*yaml.Node)(free(u.Backends[i].URL())))
	}
	return n
}
