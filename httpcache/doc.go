// Package httpcache is the response cache of a route: it joins the rules of package
// cache/rfc9111 with the store and the flights of package cache. It knows a request, its
// response and the origin as interfaces and bytes; it knows no socket, no upstream and no
// configuration.
//
// A Transaction is what the cache knows of one request. The methods of an Engine move it
// through its phases, in this order:
//
//	Begin     reads the request and chooses the cache's role in it
//	Lookup    serves it from the store, or says that the origin is to be asked
//	Prepare   shapes the request for the origin; called by whoever sends it
//	Store     takes the origin's response in: stores it, updates what is stored, or
//	          serves what is stored in its place
//	StreamFill hands the body of a response that is being stored to the client
//	Report    writes into the record what the cache did
//	Reset     gives back what the transaction holds
//
// Beyond the store an engine may use a Tier that several instances share. The engine puts
// there each response that the store accepts; a request that misses in the store looks there,
// once for all that wait for it.
// Records carry how much of the tier's log of purges they count with, so that a purge in one
// instance makes a miss of what another put before (purgelog.go).
//
// The zero Transaction belongs to a request whose route does not cache. Every step but Begin,
// Lookup and Explain may be called on it and then does nothing. Begin, Lookup, Explain, Prepare and
// Store panic when they are called out of this order.
package httpcache
