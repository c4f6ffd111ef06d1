package gateway

import (
	"penstock/ops"
	"penstock/policy"
	"penstock/ratelimit"
)

// limitViews shows the rate limits of routes. Each table is counted once, because several routes
// may share one.
type limitViews map[*ratelimit.Keyed]int

func (v limitViews) of(limits *policy.BoundLimits) (views []ops.RateLimit) {
	if limits == nil {
		return nil
	}
	for _, l := range limits.Limits() {
		if _, counted := v[l.Table]; !counted {
			v[l.Table] = limits.Keys(l)
		}
		views = append(views, ops.RateLimit{
			Policy: l.Name, General: l.General, Rate: l.Rate.String(), Burst: l.Burst, Per: l.By(),
			Keys: v[l.Table], Size: l.Table.Size(), Forgotten: l.Table.Forgotten(), Refused: l.Refused(),
		})
	}
	return views
}

// limitedRoutes returns the name and the limits of every route that has limits, for the metrics.
func limitedRoutes(s *Snapshot) (routes []ops.Route) {
	v := limitViews{}
	for _, r := range s.routes {
		if limits := v.of(r.limits); limits != nil {
			routes = append(routes, ops.Route{Name: r.name, Limits: limits})
		}
	}
	return routes
}
