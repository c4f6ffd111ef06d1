// Package conformance judges an HTTP/1.1 gateway from outside, over raw sockets:
// each Case sends exact bytes to the gateway, lets a scripted Origin behind it
// answer with exact bytes, and looks at three things: what the client gets, which
// bytes the backend got, and whether the client's connection is closed.
//
// The cases stand in testdata, one table per family; docs/conformance.md has their grammar.
// The reader of the wire is the package's own and shares no code with the gateway.
// Nothing here knows which gateway it talks to, so the same cases run against
// others as well: see TestTable. No package imports this one.
package conformance
