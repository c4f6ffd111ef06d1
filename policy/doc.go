// Package policy holds what a route adds to plain forwarding: answers of its own,
// redirects, rewritten targets, and edits of the answer's fields.
//
// A policy may let a request go on, answer it, or refuse it; it never forwards.
// Policies are compiled when a snapshot is assembled, immutable from then on and
// shared by all requests of the route. The order in which they act is one table,
// in order.go. The package knows no configuration: every policy has its own options.
package policy
