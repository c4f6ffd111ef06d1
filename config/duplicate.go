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
	byShape := make(map[string][]int)
	for i, r := range c.Routes {
		if r.Pattern == nil {
			continue
		}
		shape := r.Pattern.shape() + " " + r.Match.shape()
		for _, j := range byShape[shape] {
			if d.checkPair(c, j, i) {
				break
			}
		}
		byShape[shape] = append(byShape[shape], i)
	}
}

// checkPair notes a problem at route i when it meets route j, and reports that it did.
func (d *decoder) checkPair(c *Config, j, i int) bool {
	a, b := c.Routes[j], c.Routes[i]
	host, hostsMeet := common(a.Hosts, b.Hosts)
	method, methodsMeet := common(a.Methods, b.Methods)
	if !hostsMeet || !methodsMeet {
		return false
	}
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
	return true
}

// common returns an entry of both lists. Nil stands for "any" and ranks below
// every list, so it meets only nil.
func common(a, b []string) (string, bool) {
	if a == nil || b == nil {
		return "", a == nil && b == nil
	}
	for _, s := range a {
		if slices.Contains(b, s) {
			return s, true
		}
	}
	return "", false
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
