package config

import (
	"slices"
	"strings"
)

// checkDuplicates notes routes whose requests are already taken by another of
// the same rank. A route is only ever outranked by one whose host, path or
// conditions are narrower, which leaves it the rest; so what can be lost wholly
// is lost to routes with the same path shape, the same conditions, and a common
// host and method.
func (d *decoder) checkDuplicates(c *Config) {
	first := make(map[taken]int) // the first route that takes it
	for i, r := range c.Routes {
		if r.Pattern == nil || d.unclear(index("routes", i)) {
			continue
		}
		same, met := i, false
		all := r.taken()
		for _, t := range all {
			if j, found := first[t]; found {
				same, met = min(same, j), true
			}
		}
		for _, t := range all {
			if _, found := first[t]; !found {
				first[t] = i
			}
		}
		if met {
			d.checkPair(c, same, i)
		}
	}
}

// unclear reports whether it is not known which requests a route takes, because a part of
// what says so was refused.
func (d *decoder) unclear(path string) bool {
	if d.problems == nil {
		return false
	}
	return d.planned[path] || slices.ContainsFunc([]string{".host", ".methods", ".match"}, func(key string) bool { return d.reported(path + key) })
}

// taken is one combination of host and method that a route matches, for paths and conditions
// of a shape. An empty host or method is any.
type taken struct{ shape, host, method string }

// taken returns an entry for each host and method of the route.
func (r *Route) taken() []taken {
	any := []string{""}
	hosts, methods := r.Hosts, r.Methods
	if hosts == nil {
		hosts = any
	}
	if methods == nil {
		methods = any
	}
	shape := r.Pattern.shape() + " " + r.Match.shape()
	var all []taken
	for _, h := range hosts {
		for _, m := range methods {
			all = append(all, taken{shape, h, m})
		}
	}
	return all
}

// checkPair reports the problems between two routes that have a host and a method in common,
// j before i.
func (d *decoder) checkPair(c *Config, j, i int) {
	a, b := c.Routes[j], c.Routes[i]
	host, method := common(a.Hosts, b.Hosts), common(a.Methods, b.Methods)
	path, other := index("routes", i), index("routes", j)
	line := d.at[other].line
	switch {
	case covers(a.Hosts, b.Hosts) && covers(a.Methods, b.Methods):
		if covers(b.Hosts, a.Hosts) && covers(b.Methods, a.Methods) {
			d.problemAt(d.at[path], path, "takes the same requests as %s on line %d", other, line)
		} else {
			d.problemAt(d.at[path], path, "never reached: %s on line %d takes all of its requests", other, line)
		}
	case covers(b.Hosts, a.Hosts) && covers(b.Methods, a.Methods):
		d.problemAt(d.at[other], other, "never reached: %s on line %d takes all of its requests", path, d.at[path].line)
	default:
		what := strings.TrimSpace(method + " " + host + b.Path)
		d.problemAt(d.at[path], path, "takes %s, as %s on line %d does; one request can go only one way", what, other, line)
	}
}

// common returns the first entry of a that is in b; "" when there is none.
func common(a, b []string) string {
	if i := slices.IndexFunc(a, func(s string) bool { return slices.Contains(b, s) }); i >= 0 {
		return a[i]
	}
	return ""
}

// covers reports whether every entry of b is in a.
func covers(a, b []string) bool {
	return !slices.ContainsFunc(b, func(s string) bool { return !slices.Contains(a, s) })
}

// shape writes p without the names of its parameters.
func (p Pattern) shape() string {
	var b strings.Builder
	for _, s := range p {
		switch s.Kind {
		case Literal:
			b.WriteString("/" + s.Text)
		case Param:
			b.WriteString("/{}")
		case Rest:
			b.WriteString("/{*}")
		}
	}
	return b.String()
}
