package config

import (
	"slices"
	"strings"

	"penstock/options"
)

// draft is a route while it is read, with what was read before it.
type draft struct {
	route  *Route
	config *Config
}

var routeFields = []field[draft]{
	{key: "path", read: func(d *decoder, v value, r *draft) { readPath(d, v, r.route) }},
	{key: "host", read: func(d *decoder, v value, r *draft) { r.route.Hosts = d.unique(v, hostPattern) }},
	{key: "methods", read: func(d *decoder, v value, r *draft) { r.route.Methods = d.unique(v, methodName) }},
	section("match", matchFields, func(r *draft) *Match { return &r.route.Match }),
	{key: "upstream", read: readTargets},
	{key: "weights", read: readWeights},
	{key: "retry", inside: under(".", retryFields), read: readRetry},
	section("timeouts", routeTimeoutFields, func(r *draft) *RouteTimeouts { return &r.route.Timeouts }),
	{key: "rewrite", read: func(d *decoder, v value, r *draft) { r.route.Rewrite, _ = d.line(v) }},
	{key: "strip_prefix", read: func(d *decoder, v value, r *draft) { r.route.StripPrefix, _ = d.line(v) }},
	{key: "redirect", inside: under(".", redirectFields), read: readRedirect},
	{key: "respond", inside: under(".", respondFields), read: readRespond},
	section("headers", headerFields, func(r *draft) *Headers { return &r.route.Headers }),
	section("limits", routeLimitFields, func(r *draft) *Route { return r.route }),
	{key: "upgrades", read: func(d *decoder, v value, r *draft) { r.route.Upgrades = d.unique(v, protocolName) }},
	{key: "trailers", read: func(d *decoder, v value, r *draft) { r.route.Trailers = d.unique(v, trailerName) }},
	sectionKey("paths", func(r *draft) options.Declarer {
		if r.route == nil {
			return new(Paths)
		}
		return &r.route.Paths
	}),
	{key: "cache", inside: under(".", cacheFields), read: readCache},
}

func readRoutes(d *decoder, v value, c *Config) {
	if v.node.Kind != sequenceNode {
		d.problem(v, "got %s, want a list of routes (- path: ...)", kind(v.node))
		return
	}
	fields := append(slices.Clip(routeFields), policyFields(d.policies)...)
	for i, n := range v.node.Content {
		item := d.value(n, index(v.path, i))
		r := c.DefaultRoute()
		c.Routes = append(c.Routes, r)
		if mapping(d, item, fields, &draft{r, c}) {
			d.checkRoute(item, c, r)
		}
	}
}

func readPath(d *decoder, v value, r *Route) {
	s, ok := d.line(v)
	if !ok {
		return
	}
	p, err := ParsePattern(s)
	if err != nil {
		d.problem(v, "%v", err)
		return
	}
	r.Path, r.Pattern = s, p
}

var matchFields = []field[Match]{
	{key: "header", read: func(d *decoder, v value, m *Match) {
		m.Header = d.conditions(v, token)
	}},
	{key: "query", read: func(d *decoder, v value, m *Match) {
		m.Query = d.conditions(v, func(name string) bool { return name != "" && !strings.ContainsFunc(name, control) })
	}},
}

// conditions reads a mapping of names to values; "" asks for presence.
func (d *decoder) conditions(v value, named func(string) bool) map[string]string {
	pairs, _ := d.pairs(v)
	var all map[string]string
	for _, p := range pairs {
		if empty(p.value.node) {
			d.problem(p.value, `has no value; write "" to ask for its presence`)
			continue
		}
		s, ok := d.text(p.value)
		switch {
		case !ok:
		case !named(p.key):
			d.problemAt(p.place, p.value.path, "got %q, which cannot be a name here", p.key)
		case strings.ContainsFunc(s, control):
			d.problem(p.value, "got %q, want text of one line", s)
		default:
			if all == nil {
				all = make(map[string]string)
			}
			all[p.key] = s
		}
	}
	return all
}

// readTargets reads a name, a URL, a list of URLs, or a mapping of either to weights.
func readTargets(d *decoder, v value, r *draft) {
	switch v.node.Kind {
	case mappingNode:
		pairs, _ := d.pairs(v)
		for _, p := range pairs {
			t := Target{Upstream: p.key, Weight: -1}
			d.count(p.value, 0, maxWeight, &t.Weight)
			if isURL(p.key) {
				t.Upstream = d.inline(value{p.value.node, p.place, p.value.path}, r.config, []string{p.key})
			} else {
				d.known(value{path: p.value.path, place: p.place}, r.config, p.key)
			}
			r.route.Targets = append(r.route.Targets, t)
		}
	case sequenceNode:
		known := len(d.problems)
		var urls []string
		for _, item := range d.list(v) {
			s, ok := d.line(item)
			if ok && !isURL(s) {
				d.problem(item, "got %q, want a URL; several upstreams are written with weights: { %s: 1, ... }", s, s)
			}
			urls = append(urls, s)
		}
		if len(d.problems) > known {
			return
		}
		if name := d.inline(v, r.config, urls); name != "" {
			r.route.Targets = []Target{{Upstream: name, Weight: 1}}
		}
	default:
		s, ok := d.line(v)
		if !ok {
			return
		}
		name := s
		if isURL(s) {
			name = d.inline(v, r.config, []string{s})
		} else {
			d.known(v, r.config, s)
		}
		r.route.Targets = []Target{{Upstream: name, Weight: 1}}
	}
}

// known notes a problem when there is no upstream of that name.
func (d *decoder) known(v value, c *Config, name string) {
	if c.Upstream(name) != nil {
		return
	}
	all := make([]string, 0, len(c.Upstreams))
	for _, u := range c.Upstreams {
		if !u.Inline {
			all = append(all, u.Name)
		}
	}
	d.problem(v, "unknown upstream %q%s", name, options.DidYouMean(name, all))
}

// inline returns the name of the upstream that consists of these URLs, which it
// adds to c when it is new.
func (d *decoder) inline(v value, c *Config, urls []string) string {
	u := DefaultUpstream()
	u.Inline = true
	var names []string
	for _, s := range urls {
		b, wrong := parseBackend(s)
		if wrong != "" {
			d.problem(v, "got %q, %s", shown(s), wrong)
			return ""
		}
		if slices.Contains(names, b.URL()) {
			d.problem(v, "backend %q stands twice", b.Address())
			return ""
		}
		names = append(names, b.URL())
		u.Backends = append(u.Backends, b)
	}
	if len(names) == 0 {
		d.problem(v, "got no backend, want at least one URL")
		return ""
	}
	u.Name = strings.Join(names, ",")
	if c.Upstream(u.Name) == nil {
		c.Upstreams = append(c.Upstreams, u)
	}
	return u.Name
}

// readWeights reads this route's weights by the address of a backend, or its URL.
func readWeights(d *decoder, v value, r *draft) {
	pairs, _ := d.pairs(v)
	for _, p := range pairs {
		weight := -1
		d.count(p.value, 0, maxWeight, &weight)
		address := strings.ToLower(p.key)
		if isURL(p.key) {
			b, _ := parseBackend(p.key)
			address = b.Address()
		}
		if weight < 0 {
			continue
		}
		if r.route.Weights == nil {
			r.route.Weights = make(map[string]int)
		}
		if _, twice := r.route.Weights[address]; twice {
			d.problemAt(p.place, p.value.path, "backend %q stands twice", address)
		}
		r.route.Weights[address] = weight
		if known := r.addresses(); !slices.Contains(known, address) {
			d.problemAt(p.place, p.value.path, "unknown backend%s", options.DidYouMean(address, known))
		}
	}
}

// addresses returns the addresses of all backends of the route's upstreams.
func (r *draft) addresses() []string {
	var all []string
	for _, t := range r.route.Targets {
		if u := r.config.Upstream(t.Upstream); u != nil {
			for i := range u.Backends {
				all = append(all, u.Backends[i].Address())
			}
		}
	}
	return all
}

var routeTimeoutFields = []field[RouteTimeouts]{
	{key: "connect", read: func(d *decoder, v value, t *RouteTimeouts) { d.duration(v, positive, &t.Connect) }},
	{key: "first_byte", read: func(d *decoder, v value, t *RouteTimeouts) { d.duration(v, orOff, &t.FirstByte) }},
	{key: "request", read: func(d *decoder, v value, t *RouteTimeouts) { d.duration(v, orOff, &t.Request) }},
	{key: "body_idle", read: func(d *decoder, v value, t *RouteTimeouts) { d.duration(v, orOff, &t.BodyIdle) }},
}

var routeLimitFields = []field[Route]{
	{key: "body", read: func(d *decoder, v value, r *Route) { d.size(v, &r.MaxBody) }},
}
