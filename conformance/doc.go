// Package conformance judges an HTTP/1.1 gateway from outside, over raw sockets:
// each Case sends exact bytes to the gateway, lets a scripted Origin respond with
// exact bytes, and checks three things: what the client gets, which bytes the backend
// got, and whether the client's connection is closed.
//
// The cases are in testdata, one table per family; docs/conformance.md has their grammar.
// The package parses messages itself and shares no code with the gateway, so that a defect
// of the gateway's parser cannot hide itself. The cases run against other gateways as well,
// see TestTable. No package imports this one.
package conformance
