package config

import "penstock/options"

// Policy is what a route says under the key of a policy.
type Policy struct {
	Name string // of the key
	// Value is what the table's New returned, with its keys read. Nobody writes
	// to it: it belongs to the Config.
	Value options.Declarer
}

// policyKeys declares what the route says under the keys of a table of policies. A
// walk without a table, for printing, finds those that the route has.
func (r *Route) policyKeys(k options.Keys, table []options.Policy) {
	for _, p := range r.Policies {
		k.Add(p.Name, options.SectionOf(p.Value), "")
	}
	for _, p := range table {
		k.Add(p.Name, r.policy(p), p.Doc, options.Means("none"))
	}
}

// policy declares the section of a policy that the route does not have yet.
func (r *Route) policy(p options.Policy) *options.Section {
	var made options.Declarer
	return &options.Section{
		Begin: func(bool) {
			made = p.New()
			options.SectionOf(made).Reset()
			r.Policies = append(r.Policies, Policy{Name: p.Name, Value: made})
		},
		Keys: func(k options.Keys) {
			if made == nil {
				made = p.New()
			}
			made.Keys(k)
		},
		Check: func(at options.Report) {
			if c, ok := made.(options.Checker); ok {
				c.Check(at)
			}
		},
	}
}
