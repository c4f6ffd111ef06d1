package config

import "penstock/options"

// Policy is what a route says under the key of a policy.
type Policy struct {
	Name string // of the key
	// Value is what the table's New returned, with its keys read. Nobody writes
	// to it: it belongs to the Config.
	Value options.Declarer
}

// policyFields returns the keys that a table of policies gives to a route.
func policyFields(table []options.Policy) []field[draft] {
	all := make([]field[draft], len(table))
	for i, p := range table {
		all[i] = field[draft]{key: p.Name, read: func(d *decoder, v value, r *draft) { readPolicy(d, v, r.route, p) }}
	}
	return all
}

func readPolicy(d *decoder, v value, r *Route, p options.Policy) {
	made := p.New()
	s := options.SectionOf(made)
	s.Reset()
	d.section(v, s)
	r.Policies = append(r.Policies, Policy{Name: p.Name, Value: made})
	d.kept = append(d.kept, v.path)
}

// printPolicies appends the policies of a route to it.
func (r *Route) printPolicies(n *node) {
	for _, p := range r.Policies {
		if value := printedSection(options.SectionOf(p.Value), false); value != nil {
			n.put(p.Name, value)
		}
	}
}
