package metrics

import "penstock/ops"

// rateLimits writes what rate limits have refused and what they hold. A limit that routes share
// has one table.
func (p *page) rateLimits(r *Registry) {
	f := r.sources.limits.Load()
	if f == nil {
		return
	}
	routes := (*f)()
	if len(routes) == 0 {
		return
	}
	p.open(rateLimited)
	for _, route := range routes {
		for _, l := range route.Limits {
			p.count(rateLimited, l.Refused, "route", route.Name, "policy", l.Policy)
		}
	}
	p.open(rateKeys)
	eachTable(routes, func(route string, l ops.RateLimit) {
		p.level(rateKeys, float64(l.Keys), "route", route, "policy", l.Policy)
	})
	p.open(rateForgotten)
	eachTable(routes, func(route string, l ops.RateLimit) {
		p.count(rateForgotten, l.Forgotten, "route", route, "policy", l.Policy)
	})
}

// eachTable calls f with every limit, but only once with one that routes share.
func eachTable(routes []ops.Route, f func(route string, l ops.RateLimit)) {
	shared := map[string]bool{}
	for _, r := range routes {
		for _, l := range r.Limits {
			switch {
			case !l.General:
				f(r.Name, l)
			case !shared[l.Policy]:
				shared[l.Policy] = true
				f("", l)
			}
		}
	}
}
