// Package gateway is the journey of a request, and the only place that knows
// every room it passes. Read serve.go first: its one function is the table of
// contents of what follows.
//
//  1. begin    journey.go    a record is opened; finish hangs on the request
//     .        wire.go       the gate before fasthttp: one request's bytes at a time
//  2. admit    admit.go      limits, the strict look at the head, who the client is
//  3. match    route.go      host, path and conditions choose a route (package routing)
//  4. guard    route.go      the route's policies: redirect, fixed answer, refusal
//  5. lookup   lookup.go     the key and what is stored for it; a hit ends here (reuse.go, storedbody.go)
//     .        collapse.go   or the answer to another request for the same
//     .        refresh.go    behind a stale answer, its successor is fetched
//  6. receive  receive.go    a small body is read whole, a large one will stream (body.go)
//  7. forward  forward.go    pick, exchange, judge (retry.go), again if need be
//     .        prepare.go    what goes to the backend, field by field
//  8. keep     store.go      what the answer means for the store (validate.go)
//     .        fetch.go      a body that is stored while it comes
//  9. respond  respond.go    the answer is handed to fasthttp, whole or as a stream
//     .        upgrade.go    or both connections go to a tunnel (101)
//     .        legacy.go     or, for HTTP/1.0, it is written until close
//  10. fail    fail.go       the only place where a fault becomes HTTP
//  11. finish  finish.go     after the last byte: metrics, log, release
//
// caching.go is what the cache knows of one request, cacherule.go what a route says
// of it; cacheops.go is the operator's side, cachelife.go how the store begins and ends.
//
// What the operator wrote becomes a Snapshot (snapshot.go, assemble*.go): it is
// immutable, a request lives on the one it began with, and a reload swaps one
// pointer. Start and Reload are in gateway.go, the end of life in drain.go.
package gateway
