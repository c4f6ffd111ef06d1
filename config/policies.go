package config

import (
	"cmp"
	"slices"

	"penstock/options"
)

// Policy is the setting of one policy, on a route or at the top of the file for all routes.
type Policy struct {
	Name string // of the key
	// Value is the instance that the table's New returned, in Config.Policies its General, with its
	// keys read and, on a route, compiled. It belongs to the Config and is not written.
	Value options.Declarer
	// General is, on a route, the Value of the entry of Config.Policies with this Name; nil when
	// there is none, and always in Config.Policies. Where only the file names the policy, Value is
	// a new instance without any key read.
	General options.Declarer

	routes  options.Routes
	general bool // the route itself does not name it
}

// policyKeys declares the keys at the top of a file that are policies of all routes.
func (c *Config) policyKeys(k options.Keys, table []options.Policy) {
	for _, p := range c.Policies {
		k.Add(p.Name, options.SectionOf(p.Value), "")
	}
	for _, p := range table {
		if p.General == nil {
			continue
		}
		made := p.General()
		s := options.SectionOf(made)
		s.Begin = func(bool) { c.Policies = append(c.Policies, Policy{Name: p.Name, Value: made}) }
		k.Add(p.Name, s, p.GeneralDoc, options.Means(cmp.Or(p.Default, "none")))
	}
}

// generalPolicies gives the route those policies of all routes that it does not name itself,
// each at its place in the table, and shows the others what the file says for all routes.
func (r *Route) generalPolicies(c *Config, table []options.Policy) {
	for _, general := range c.Policies {
		named := func(p Policy) bool { return p.Name == general.Name }
		if i := slices.IndexFunc(r.Policies, named); i >= 0 {
			r.Policies[i].General = general.Value
			continue
		}
		place := func(name string) int {
			return slices.IndexFunc(table, func(p options.Policy) bool { return p.Name == name })
		}
		at := place(general.Name)
		i := slices.IndexFunc(r.Policies, func(p Policy) bool { return place(p.Name) > at })
		if i < 0 {
			i = len(r.Policies)
		}
		r.Policies = slices.Insert(r.Policies, i, Policy{Name: general.Name, Value: table[at].New(), General: general.Value, general: true})
	}
}

// Responds returns the key of the policy by which the route responds without an upstream;
// empty when it forwards, and when r was not read from a file.
func (r *Route) Responds() string {
	for _, p := range r.Policies {
		if p.routes == options.Responding {
			return p.Name
		}
	}
	return ""
}

// policyKeys declares what the route says under the keys of a table of policies. A
// walk without a table, for printing, finds those that the route has.
func (r *Route) policyKeys(k options.Keys, table []options.Policy) {
	for _, p := range r.Policies {
		if !p.general {
			k.Add(p.Name, options.SectionOf(p.Value), "")
		}
	}
	for _, p := range table {
		if p.New == nil {
			k.Later(p.Name)
			continue
		}
		if k.Absent(p.Name) {
			continue
		}
		k.Add(p.Name, r.policy(p), p.Doc, options.Means(cmp.Or(p.Default, "none")))
	}
}

// policy declares the section of a policy that the route does not have yet.
func (r *Route) policy(p options.Policy) *options.Section {
	made := p.New()
	s := options.SectionOf(made)
	s.Begin = func(bool) {
		s.Reset()
		r.Policies = append(r.Policies, Policy{Name: p.Name, Value: made, routes: p.Routes})
	}
	return s
}

// compilePolicies notes which policies the route must not have, and lets the others fit
// themselves to it. responds is the key by which the route responds; empty when it forwards.
func (r *Route) compilePolicies(at options.Report, responds string) {
	route := options.Route{Responds: responds, Has: at.Has}
	if r.Pattern != nil {
		route.Path, route.Params = r.Path, r.Pattern.Params()
	}
	for _, p := range r.Policies {
		if responds != "" && p.routes == options.Forwarding {
			at.Problem(p.Name, "needs upstream; this route has %s", responds)
			continue
		}
		if c, ok := p.Value.(options.Compiler); ok {
			route.General = p.General
			c.Compile(partReport{at, p.Name}, route)
		}
	}
}

// responding lists the keys of a table by which a route may respond without an upstream.
func responding(table []options.Policy) []string {
	var keys []string
	for _, p := range table {
		if p.New != nil && p.Routes == options.Responding && !slices.Contains(keys, p.Name) {
			keys = append(keys, p.Name)
		}
	}
	return keys
}
