package gateway

import (
	"fmt"
	"slices"

	"penstock/config"
	"penstock/headers"
	"penstock/lb"
	"penstock/policy"
	"penstock/routing"
)

// assembleRoute compiles one route over the upstreams of s, or takes it from old, the
// running generation, where nothing of it changed.
func (g *Gateway) assembleRoute(c *config.Route, s *Snapshot, old *reuse) (*route, error) {
	// Also for a route that is taken over: each generation claims what it uses.
	kept := keep(c, s.resources, policy.Binding{RateLimit: s.config.Answers.RateLimit, Now: g.now, Start: g.proxy.started})
	if r := old.route(c, s); r != nil {
		for _, t := range r.targets {
			s.views = append(s.views, t.up.cluster.View(r.name, c.Weights)) // the same view, with one user more
		}
		return r, nil
	}
	r := &route{
		name:     c.Name(),
		retry:    compileRetry(&c.Retry),
		times:    c.Timeouts,
		maxBody:  c.MaxBody,
		requests: kept.requests,
		limits:   kept.limits,
		upgrades: byteLists(c.Upgrades),
		trailers: byteLists(c.Trailers),
		priority: priorityOf(&c.Priority),
		finish:   c.Finish,
	}
	r.passed = r.trailers
	r.metrics = g.metrics.Route(r.name)
	r.plan = policy.Compile(kept.policies...)
	var err error
	if r.cache, err = g.proxy.compileCache(c, s, r.metrics); err != nil {
		return nil, fmt.Errorf("cache: %w", err)
	}
	return r, r.attach(c, s)
}

// attach gives the route its view of each upstream, with the route's weights.
func (r *route) attach(c *config.Route, s *Snapshot) error {
	shares := make([]int, 0, len(c.Targets))
	for _, t := range c.Targets {
		up := s.upstream(t.Upstream)
		if up == nil {
			return fmt.Errorf("upstream %q is not configured", t.Upstream)
		}
		view := up.cluster.View(r.name, c.Weights)
		s.views = append(s.views, view)
		r.targets = append(r.targets, target{placeOf(up, view, c), up})
		shares = append(shares, t.Weight)
	}
	if len(shares) > 1 {
		r.split = lb.NewSequence(shares, 0)
	}
	return nil
}

func compileRetry(c *config.Retry) retryRule {
	r := retryRule{
		times: c.Times, connect: c.Connect, reset: c.Reset, timeout: c.Timeout,
		methods: c.Methods, need: []byte(c.Need),
		minWait: c.Backoff.Min, maxWait: c.Backoff.Max,
	}
	for _, span := range c.Statuses {
		r.status.Add(span.First, span.Last)
	}
	return r
}

// reserve gives every route the names that policies of any route have reserved on one of
// its upstreams.
func (s *Snapshot) reserve() {
	reserved := map[*pooledUpstream][]string{}
	for _, r := range s.routes {
		if r.plan == nil {
			continue
		}
		for _, t := range r.targets {
			reserved[t.up] = append(reserved[t.up], r.plan.Reserved()...)
		}
	}
	for up, names := range reserved {
		slices.Sort(names)
		reserved[up] = slices.Compact(names)
	}
	for i, r := range s.routes {
		var names []string
		for _, t := range r.targets {
			names = append(names, reserved[t.up]...)
		}
		slices.Sort(names)
		names = slices.Compact(names)
		if slices.EqualFunc(names, r.reserved, func(a string, b []byte) bool { return a == string(b) }) {
			continue
		}
		own := *r // the running generation may have the same route
		own.reserved = byteLists(names)
		own.passed = slices.DeleteFunc(slices.Clone(r.trailers), func(name []byte) bool { return headers.Folds(name, own.reserved) })
		s.routes[i] = &own
	}
}

// byteLists turns names into the form in which the hot path compares them.
func byteLists(names []string) [][]byte {
	out := make([][]byte, 0, len(names))
	for _, n := range names {
		out = append(out, []byte(n))
	}
	return slices.Clip(out)
}

// routingOf returns what the route table needs of a route.
func routingOf(c *config.Route) routing.Route {
	r := routing.Route{Hosts: c.Hosts, Path: pathPattern(c.Pattern), Methods: c.Methods, Rules: pathRules(&c.Paths)}
	for name, value := range c.Match.Header {
		r.Header = append(r.Header, routing.Condition{Name: name, Value: value})
	}
	for name, value := range c.Match.Query {
		r.Query = append(r.Query, routing.Condition{Name: name, Value: value})
	}
	return r
}

func pathPattern(p config.Pattern) routing.Path {
	out := make(routing.Path, len(p))
	for i, s := range p {
		out[i].Text = s.Text
		switch s.Kind {
		case config.Param:
			out[i].Kind = routing.Parameter
		case config.Rest:
			out[i].Kind = routing.Rest
		}
	}
	return out
}

func pathRules(c *config.Paths) headers.PathRules {
	return headers.PathRules{
		EncodedSlash: pathAction(c.EncodedSlash), Backslash: pathAction(c.Backslash), DoubleSlash: pathAction(c.DoubleSlash),
		DotSegments: pathAction(c.DotSegments), DoubleEncoding: pathAction(c.DoubleEncoding),
	}
}

func pathAction(r config.PathRule) headers.PathAction {
	switch r {
	case config.Reject:
		return headers.Refuse
	case config.Keep:
		return headers.Keep
	}
	return headers.Change
}
