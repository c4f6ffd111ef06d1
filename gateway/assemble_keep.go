package gateway

import (
	"sync/atomic"

	"penstock/config"
	"penstock/policy"
	"penstock/resource"
)

// kept is what a route has that outlives a generation.
type kept struct {
	policies []any // as they act on requests
	limits   *policy.BoundLimits
	requests routeLimit
}

// keep claims what the route of c keeps: counts of its policies, and of its requests in flight.
// The running instances are found while their options are the same. b lacks the route and Keep.
func keep(c *config.Route, claims *resource.Generation, b policy.Binding) kept {
	b.Route = c.Name()
	b.Keep = func(kind string, id any, build func() any) any {
		held, _ := resource.Claim(claims, kind, id, func() (resource.Plain[any], error) {
			return resource.Plain[any]{Value: build()}, nil
		})
		return held.Value
	}
	var k kept
	for _, p := range c.Policies {
		var acts any = p.Value
		if one, ok := acts.(policy.Stateful); ok {
			acts = one.Bind(p.General, &b)
		}
		if limits, ok := acts.(*policy.BoundLimits); ok {
			k.limits = limits
		}
		k.policies = append(k.policies, acts)
	}
	if c.Requests > 0 {
		open := policy.Keep(&b, "requests of a route", c.Name(), func() *atomic.Int64 { return new(atomic.Int64) })
		k.requests = routeLimit{int64(c.Requests), open}
	}
	return k
}
