package config

import (
	"slices"
	"strings"

	"penstock/options"
)

// upstreamKeys are the keys of a route that need an upstream.
var upstreamKeys = []string{"weights", "retry", "timeouts", "upgrades", "trailers", "cache", "priority", "concurrency"}

// check reports problems between the keys of a route.
func (r *Route) check(at options.Report, c *Config, policies []options.Policy) {
	if !at.Has("path") && !at.Planned() {
		at.Problem("", `has no path; "/*" takes everything`)
	}
	r.generalPolicies(c, policies)
	all := append([]string{"upstream"}, responding(policies)...)
	kinds := slices.DeleteFunc(slices.Clone(all), func(key string) bool { return !at.Has(key) })
	switch {
	case len(kinds) == 0 && at.Planned():
		return // the key that is not built yet may be what it does
	case len(kinds) == 0:
		at.Problem("", "does nothing: it needs %s", anyOf(all, "or"))
	case len(kinds) > 1:
		at.Problem(kinds[1], "is given beside %s; a route has one of %s", kinds[0], anyOf(all, "and"))
	case kinds[0] == "upstream":
		r.compilePolicies(at, "")
		r.checkForwarding(at, c)
	default:
		r.compilePolicies(at, kinds[0])
		r.checkOwn(at, kinds[0])
	}
}

// anyOf writes "a, b or c", with or or another word.
func anyOf(words []string, or string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " " + or + " " + words[last]
}

// checkForwarding reports the problems of a route that has an upstream.
func (r *Route) checkForwarding(at options.Report, c *Config) {
	r.checkCache(at, c)
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

// checkOwn reports the problems of a route that responds itself, and clears the settings that
// only forwarding needs.
func (r *Route) checkOwn(at options.Report, kind string) {
	for _, key := range upstreamKeys {
		if at.Has(key) {
			at.Problem(key, "needs upstream; this route has %s", kind)
		}
	}
	r.Retry, r.Upgrades, r.Trailers, r.Cache = Retry{}, nil, nil, nil
}
