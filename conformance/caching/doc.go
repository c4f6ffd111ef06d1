// Package caching judges the response cache of a gateway from outside: each Case is
// a short play between a client, a scripted Origin and a clock that only the play
// moves. What the origin is asked, and what the client gets, is compared with what
// RFC 9111 and its neighbours want, or with what Penstock chooses where they leave a
// choice.
//
// The cases stand in testdata, one file per family; docs/conformance.md has their grammar.
// Nothing here imports the cache or the gateway. No package imports this one.
package caching
