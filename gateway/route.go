package gateway

import (
	"penstock/config"
	"penstock/exchange"
	"penstock/httpcache"
	"penstock/lb"
	"penstock/metrics"
	"penstock/policy"
	"penstock/routing"
)

// route is one compiled route: what its requests are allowed and where they go.
// It is immutable but for the atomics inside its views and its split.
type route struct {
	name     string
	plan     *policy.Plan // nil when it has no policies
	reserved [][]byte     // fields that policies add to requests to its upstreams, and no client may send
	targets  []target
	split    *lb.Sequence // nil with one target

	retry    retryRule
	times    config.RouteTimeouts
	requests routeLimit
	limits   *policy.BoundLimits // nil when it has no rate limit
	maxBody  int64               // negative for any size
	upgrades [][]byte
	trailers [][]byte
	passed   [][]byte // those of trailers that a request may have
	priority priority
	finish   bool // a request goes on when its client has left
	metrics  *metrics.Route
	cache    *httpcache.Rule // nil when it does not cache
}

// target is one upstream as one route sees it.
type target struct {
	place
	up *pooledUpstream
}

// match finds the request's route in the snapshot that it lives on.
func (g *proxy) match(j *journey) *exchange.Fault {
	if f := j.findRoute(); f != nil {
		return f
	}
	j.route.metrics.Begin(j.x)
	return j.route.requests.enter(j)
}

// findRoute is match for a journey that is not counted. The path becomes what the rules
// of the route make of it.
func (j *journey) findRoute() *exchange.Fault {
	q := &j.routeQuery
	q.Host, q.RawPath, q.Path, q.Marks = j.request.Host, j.request.RawPath, j.request.Path, j.request.Marks
	q.Method, q.Query, q.Fields = j.request.Method, j.request.Query, &j.request.Head
	m := j.snap.table.Find(q)
	switch m.Outcome {
	case routing.NoRoute:
		return exchange.Refuse(exchange.NoRoute)
	case routing.PathRefused:
		return exchange.Refuse(exchange.PathRefused)
	}
	j.request.SetRoutePath(m.Path, m.PathChanged)
	for _, p := range m.Params {
		j.x.AddParam(p.Name, p.Value)
	}
	j.route = j.snap.routes[m.Route]
	j.x.Route = j.route.name
	j.request.Reserve(j.route.reserved)
	return nil
}

// A record has room for all parameters that a pattern captures, else this does not compile.
const _ = uint(exchange.MaxParams - routing.MaxParams)

// choose picks the upstream of the next request, by weight.
func (r *route) choose() *target {
	if r.split == nil {
		return &r.targets[0]
	}
	return &r.targets[r.split.Next()]
}

// mayTry reports whether a request with this method may find out whether a backend works
// again: sending it twice does no harm.
func mayTry(method []byte) bool {
	switch string(method) {
	case "GET", "HEAD":
		return true
	}
	return false
}
