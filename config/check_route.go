package config

import (
	"slices"
	"strings"

	"penstock/options"
)

// upstreamKeys are the keys of a route that need an upstream.
var upstreamKeys = []string{"weights", "retry", "timeouts", "rewrite", "strip_prefix", "upgrades", "trailers", "cache"}

// checkRoute notes what is wrong with the parts of a route together.
func (d *decoder) checkRoute(v value, c *Config, r *Route) {
	if !d.has(v, "path") {
		d.problem(v, `has no path; "/*" takes everything`)
	}
	var kinds []string
	for _, key := range []string{"upstream", "redirect", "respond"} {
		if d.has(v, key) {
			kinds = append(kinds, key)
		}
	}
	switch {
	case len(kinds) == 0:
		d.problem(v, "does nothing: it needs upstream, redirect or respond")
	case len(kinds) > 1:
		d.problemIn(v, kinds[1], "stands beside %s; a route has one of upstream, redirect and respond", kinds[0])
	case kinds[0] == "upstream":
		d.checkForwarding(v, c, r)
	default:
		d.checkAnswer(v, r, kinds[0])
	}
}

// checkForwarding notes what is wrong with a route that has an upstream.
func (d *decoder) checkForwarding(v value, c *Config, r *Route) {
	d.checkCache(v, c, r)
	if d.has(v, "rewrite") && d.has(v, "strip_prefix") {
		d.problemIn(v, "strip_prefix", "stands beside rewrite; write the whole path in rewrite")
	}
	if r.Rewrite != "" {
		d.checkTemplate(v, "rewrite", r.Rewrite, r.Pattern)
		if !strings.HasPrefix(r.Rewrite, "/") || strings.ContainsFunc(r.Rewrite, notInTemplate) {
			d.problemIn(v, "rewrite", "got %q, want a path that starts with /, without a query", r.Rewrite)
		}
	}
	if r.StripPrefix != "" {
		d.checkStrip(v, r)
	}
	sum, valid := 0, true
	for _, t := range r.Targets {
		sum += t.Weight
		valid = valid && t.Weight >= 0 && c.Upstream(t.Upstream) != nil && len(c.Upstream(t.Upstream).Backends) > 0
	}
	if !valid || len(r.Targets) == 0 {
		return // said already
	}
	if sum == 0 {
		d.problemIn(v, "upstream", "every weight is 0, so nothing can be sent anywhere")
		return
	}
	for _, t := range r.Targets {
		if t.Weight > 0 && drained(c.Upstream(t.Upstream), r.Weights) {
			key := "upstream"
			if r.Weights != nil {
				key = "weights"
			}
			d.problemIn(v, key, "every backend of upstream %q has weight 0 here", t.Upstream)
		}
	}
}

// drained reports whether no backend of u is left under a route's weights.
func drained(u *Upstream, weights map[string]int) bool {
	return !slices.ContainsFunc(u.Backends, func(b Backend) bool {
		if w, own := weights[b.Address()]; own {
			return w > 0
		}
		return b.Weight > 0
	})
}

// checkStrip notes a prefix that the paths of the route do not begin with.
func (d *decoder) checkStrip(v value, r *Route) {
	prefix := strings.TrimSuffix(r.StripPrefix, "/")
	strip, err := ParsePattern(prefix)
	literal := func(s Segment) bool { return s.Kind == Literal }
	switch {
	case err != nil || len(strip.Params()) > 0:
		d.problemIn(v, "strip_prefix", "got %q, want a path such as /api", r.StripPrefix)
	case r.Pattern == nil:
	case len(strip) > len(r.Pattern) || !slices.Equal(strip, r.Pattern[:len(strip)]) || !slices.ContainsFunc(strip, literal):
		d.problemIn(v, "strip_prefix", "%q is not how path %q begins", r.StripPrefix, r.Path)
	}
	r.StripPrefix = prefix
}

// checkAnswer notes what is wrong with a route that answers by itself, and
// clears what only forwarding needs.
func (d *decoder) checkAnswer(v value, r *Route, kind string) {
	for _, key := range upstreamKeys {
		if d.has(v, key) {
			d.problemIn(v, key, "needs upstream; this route has %s", kind)
		}
	}
	if headers := d.part(v, "headers"); d.has(headers, "request") {
		d.problemIn(headers, "request", "needs upstream; this route has %s", kind)
	}
	r.Retry, r.Upgrades, r.Trailers, r.Cache = Retry{}, nil, nil, nil
	if r.Redirect == nil || r.Redirect.To == "" {
		return
	}
	to, at := r.Redirect.To, d.part(v, "redirect")
	d.checkTemplate(at, "to", to, r.Pattern)
	rest, http := strings.CutPrefix(to, "http://")
	rest, https := strings.CutPrefix(rest, "https://")
	host, _, _ := strings.Cut(rest, "/")
	path := strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//")
	absolute := (http || https) && authority(strings.ToLower(host))
	if !path && !absolute || strings.ContainsFunc(to, notInURL) {
		d.problemIn(at, "to", "got %q, want a path that starts with one /, or http(s)://host/path with a fixed host", to)
	}
}

func notInTemplate(r rune) bool { return r != '{' && r != '}' && notInPath(r) }

func notInURL(r rune) bool { return r != '?' && r != '#' && notInTemplate(r) }

// checkTemplate notes parameters in a template that the route's path does not have.
func (d *decoder) checkTemplate(v value, key, template string, p Pattern) {
	parts, err := ParseTemplate(template)
	if err != nil {
		d.problemIn(v, key, "%v", err)
		return
	}
	if p == nil {
		return
	}
	have := p.Params()
	for _, part := range parts {
		if part.Param == "" || slices.Contains(have, part.Param) {
			continue
		}
		hint := options.DidYouMean(part.Param, have)
		if last := p[len(p)-1]; hint == "" && last.Kind == Rest && last.Text == "" {
			hint = "; name the rest in path: {" + part.Param + ":*}"
		}
		d.problemIn(v, key, "path has no parameter {%s}%s", part.Param, hint)
	}
}
