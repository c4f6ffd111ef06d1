// Package gateway is the journey of a request, and the only package that uses all packages of
// the request path. Read serve.go first: its function serve calls the steps in this order.
//
//  1. begin    serve.go      a pooled journey (journey.go); the client's protocol ends it with Finish
//  2. admit    admit.go      limits, the strict reading of the head, the client's address
//  3. match    route.go      host, path and conditions choose a route (package routing)
//  4. guard    policies.go   the policies of the route: redirect, fixed response, refusal
//  5. lookup   cache.go      the stored response, or a fetch that is under way (package httpcache)
//  6. receive  receive.go    a small body is read completely, a large one is streamed (body.go)
//  7. wait     wait.go       a backend that has room; a place in the waiting room (room.go) while none has
//  8. forward  forward.go    round trip, judge (retry.go), and perhaps another attempt
//     .        prepare.go    the request to the backend, field by field
//  9. store    cache.go      what the response means for the store (package httpcache)
//  10. respond  respond.go    the response goes to the client's protocol (package downstream)
//     .        upgrade.go    or both connections go to a tunnel (101)
//  11. fail    fail.go       the only place where a fault becomes a response
//  12. finish  finish.go     after the last byte: metrics, log, release
//
// The file cacheops.go has the operations of the cache for administrators. A configuration
// becomes a Snapshot (snapshot.go, assemble.go), which is immutable; a request keeps the one it
// began with, and a reload swaps one pointer. A generation ends with its last request
// (generation.go). Start and Reload are in gateway.go, Shutdown is in drain.go.
package gateway
