package policy

import (
	"time"

	"penstock/options"
)

// Stateful is a policy with state that outlives the configuration, such as counts. Its own
// fields stay immutable; Bind returns the hooks for one route, which replace the policy. general
// is what the file says for all routes under the same key, nil for nothing.
type Stateful interface {
	Bind(general options.Declarer, b *Binding) (bound any)
}

// Binding is what a Stateful policy is given.
type Binding struct {
	Route     string           // name of the route
	RateLimit string           // answers.rate_limit: "refused", "on" or "off"
	Now       func() time.Time // the time; must be set
	Start     time.Time        // a time before all requests, to measure from

	// Keep returns what an earlier configuration, or another route, keeps under the same kind and
	// id, which is comparable; else what build makes.
	Keep func(kind string, id any, build func() any) any
}

// Keep is Binding.Keep with a type. It panics when another type is kept under the same kind and id.
func Keep[T any](b *Binding, kind string, id any, build func() T) T {
	return b.Keep(kind, id, func() any { return build() }).(T)
}
