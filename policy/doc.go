// Package policy holds what a route adds to plain forwarding: responses of its own,
// redirects, rewritten targets, and edits of fields.
//
// A policy is one file here and one row of the table in order.go, which gives its key and
// its place in THE ORDER. It declares its keys, is checked and compiled when the
// configuration was read, and is immutable from then on: all requests of the route share it.
// It has the hooks that it needs (policy.go); Compile sorts the policies of a route into a
// Plan. A policy may let a request go on, respond to it, or refuse it; it never forwards. It sees
// the request as downstream.Request has read it, and no other reading.
package policy
