package config

import "penstock/options"

// Statuses is a list of status ranges, in the order written. Nil matches nothing.
type Statuses = options.Statuses

// StatusRange is First..Last, both included, within 100..599.
type StatusRange = options.StatusRange

// DidYouMean returns ` (did you mean "x"?)` with the name that is closest to got, or "" when none
// is close. Case counts.
func DidYouMean(got string, names []string) string { return options.DidYouMean(got, names) }
