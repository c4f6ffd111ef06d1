package policy

import (
	"cmp"
	"slices"
)

// Place is a policy's place in the order in which policies act.
type Place uint8

// The places. Those before Rewriting can end the journey.
const (
	Redirecting Place = iota
	Answering
	Rewriting
	EditingResponse
	placeCount
)

// order is THE ORDER: a policy acts after all that stand above it.
var order = [placeCount]struct{ name, why string }{
	Redirecting:     {"redirect", "a moved resource has no content here, so nothing else of the route matters"},
	Answering:       {"respond", "the gateway's own answer needs no backend, so nothing is spent on finding one"},
	Rewriting:       {"rewrite", "the last to act on the request: all above see the path that the client asked for, as the route was matched by it"},
	EditingResponse: {"headers.response", "the last of all: what the operator sets or removes is final, whoever made the answer"},
}

// String returns the configuration key whose policy has this place.
func (p Place) String() string { return order[p].name }

// Why says why the place is where it is.
func (p Place) Why() string { return order[p].why }

// InOrder sorts a route's request policies into THE ORDER. Those of one place
// keep theirs.
func InOrder(policies []Request) []Request {
	slices.SortStableFunc(policies, func(a, b Request) int { return cmp.Compare(a.Place(), b.Place()) })
	return policies
}
