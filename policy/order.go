package policy

import "penstock/options"

// Row is one place in THE ORDER.
type Row struct {
	options.Policy        // New is nil for a policy that is not built yet
	Why            string // why it has this place
}

// Order returns THE ORDER: a policy acts after all that are above it, wherever both act on
// the same thing. It is one table, which no configuration changes. The request gets its id
// before all of them. The cache is read after the last policy that acts on requests; then
// come those that act on a request that is sent, on a backend's response, and on fields. The slice is
// new in each call.
func Order() []Row {
	return []Row{
		{later("access"), "the cheapest refusal: it needs nothing but an address"},
		{later("cors"), "browsers ask for permission without credentials"},
		{rateLimits(), "a limit by address comes before any password is hashed; one by identity belongs after allow"},
		{later("auth"), "the identity, for all that follows"},
		{later("allow"), "it needs the identity"},
		{redirects(), "a moved resource has no content here; where it is may be secret, so the gates come first"},
		{responds(), "the response of the gateway itself needs no backend, so nothing is spent on finding one"},
		{later("files"), "the same, from a folder"},
		{later("fault"), "a fault is for what would go to a backend"},
		{later("mirror"), "copies only what goes to a backend"},
		{later("decompress"), "the cost of a body only where a backend gets it"},
		{rewrites(), "the target that a backend sees"},
		{strips(), "the same; a route has one of both"},
		{later("error_pages"), "replaces a body before it is coded"},
		{later("compress"), "coding comes last for bodies"},
		{later("secure"), "fields that a backend may have set already"},
		{edits(), "what the operator writes is final: it is last for requests and for responses"},
	}
}

func later(key string) options.Policy { return options.Policy{Name: key} }

// Table returns THE ORDER as the keys of a route, for reading a configuration. The slice is new in
// each call.
func Table() []options.Policy {
	order := Order()
	table := make([]options.Policy, len(order))
	for i, row := range order {
		table[i] = row.Policy
	}
	return table
}
