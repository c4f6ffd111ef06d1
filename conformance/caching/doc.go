// Package caching judges the response cache of a gateway from outside: each Case is
// a short play between a client, a scripted Origin and a clock that only the play moves.
// The package compares the requests that the origin gets, and the responses that the
// client gets, with what RFC 9111 and related standards require, or with what Penstock
// chooses where they leave a choice.
//
// The cases are in testdata, one file per family; docs/conformance.md has their grammar.
// Nothing here imports the cache or the gateway. No package imports this one.
package caching
