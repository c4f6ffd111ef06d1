package config

import (
	"slices"
	"strings"

	"penstock/options"
)

// upstreamKeys are the keys of a route that need an upstream.
var upstreamKeys = []string{"weights", "retry", "timeouts", "rewrite", "strip_prefix", "upgrades", "trailers", "cache"}

// check notes what is wrong with the parts of a route together.
func (r *Route) check(at options.Report, c *Config) {
	if !at.Has("path") {
		at.Problem("", `has no path; "/*" takes everything`)
	}
	var kinds []string
	for _, key := range []string{"upstream", "redirect", "respond"} {
		if at.Has(key) {
			kinds = append(kinds, key)
		}
	}
	switch {
	case len(kinds) == 0:
		at.Problem("", "does nothing: it needs upstream, redirect or respond")
	case len(kinds) > 1:
		at.Problem(kinds[1], "stands beside %s; a route has one of upstream, redirect and respond", kinds[0])
	case kinds[0] == "upstream":
		r.checkForwarding(at, c)
	default:
		r.checkOwn(at, kinds[0])
	}
}

// checkForwarding notes what is wrong with a route that has an upstream.
func (r *Route) checkForwarding(at options.Report, c *Config) {
	r.checkCache(at, c)
	if at.Has("rewrite") && at.Has("strip_prefix") {
		at.Problem("strip_prefix", "stands beside rewrite; write the whole path in rewrite")
	}
	if r.Rewrite != "" {
		checkTemplate(at, "rewrite", r.Rewrite, r.Pattern)
		if !strings.HasPrefix(r.Rewrite, "/") || strings.ContainsFunc(r.Rewrite, notInTemplate) {
			at.Problem("rewrite", "got %q, want a path that starts with /, without a query", r.Rewrite)
		}
	}
	if r.StripPrefix != "" {
		r.checkStrip(at)
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
		at.Problem("upstream", "every weight is 0, so nothing can be sent anywhere")
		return
	}
	for _, t := range r.Targets {
		if t.Weight > 0 && drained(c.Upstream(t.Upstream), r.Weights) {
			key := "upstream"
			if r.Weights != nil {
				key = "weights"
			}
			at.Problem(key, "every backend of upstream %q has weight 0 here", t.Upstream)
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
func (r *Route) checkStrip(at options.Report) {
	prefix := strings.TrimSuffix(r.StripPrefix, "/")
	strip, err := ParsePattern(prefix)
	literal := func(s Segment) bool { return s.Kind == Literal }
	switch {
	case err != nil || len(strip.Params()) > 0:
		at.Problem("strip_prefix", "got %q, want a path such as /api", r.StripPrefix)
	case r.Pattern == nil:
	case len(strip) > len(r.Pattern) || !slices.Equal(strip, r.Pattern[:len(strip)]) || !slices.ContainsFunc(strip, literal):
		at.Problem("strip_prefix", "%q is not how path %q begins", r.StripPrefix, r.Path)
	}
	r.StripPrefix = prefix
}

// checkOwn notes what is wrong with a route that answers by itself, and
// clears what only forwarding needs.
func (r *Route) checkOwn(at options.Report, kind string) {
	for _, key := range upstreamKeys {
		if at.Has(key) {
			at.Problem(key, "needs upstream; this route has %s", kind)
		}
	}
	if at.Has("headers.request") {
		at.Problem("headers.request", "needs upstream; this route has %s", kind)
	}
	r.Retry, r.Upgrades, r.Trailers, r.Cache = Retry{}, nil, nil, nil
	if r.Redirect == nil || r.Redirect.To == "" {
		return
	}
	to := r.Redirect.To
	checkTemplate(at, "redirect.to", to, r.Pattern)
	rest, http := strings.CutPrefix(to, "http://")
	rest, https := strings.CutPrefix(rest, "https://")
	host, _, _ := strings.Cut(rest, "/")
	path := strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//")
	absolute := (http || https) && authority(strings.ToLower(host))
	if !path && !absolute || strings.ContainsFunc(to, notInURL) {
		at.Problem("redirect.to", "got %q, want a path that starts with one /, or http(s)://host/path with a fixed host", to)
	}
}

func notInTemplate(r rune) bool { return r != '{' && r != '}' && notInPath(r) }

func notInURL(r rune) bool { return r != '?' && r != '#' && notInTemplate(r) }

// checkTemplate notes parameters in a template that the route's path does not have.
func checkTemplate(at options.Report, key, template string, p Pattern) {
	parts, err := ParseTemplate(template)
	if err != nil {
		at.Problem(key, "%v", err)
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
		at.Problem(key, "path has no parameter {%s}%s", part.Param, hint)
	}
}
