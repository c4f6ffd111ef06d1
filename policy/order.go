package policy

import (
	"cmp"
	"slices"
)

// Place is a policy's place in the order in which policies act.
type Place uint8

// The places.
const (
	Redirecting Place = iota
	Answering
	placeCount
)

// order is THE ORDER: a policy acts after all that stand above it.
var order = [placeCount]struct{ name, why string }{
	Redirecting: {"redirect", "a moved resource has no content here, so nothing else of the route matters"},
	Answering:   {"respond", "the gateway's own answer needs no backend, so nothing is spent on finding one"},
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
