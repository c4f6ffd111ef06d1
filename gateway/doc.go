// Package gateway is the journey of a request, and the only place that knows
// every room it passes. Read serve.go first: its one function is the table of
// contents of what follows.
//
//  1. begin    journey.go    a record is opened; finish hangs on the request
//     .        wire.go       the gate before fasthttp: one request's bytes at a time
//  2. admit    admit.go      limits, the strict look at the head, who the client is
//  3. match    route.go      host, path and conditions choose a route (match*.go)
//  4. guard    route.go      the route's policies: redirect, fixed answer, refusal
//  5. receive  receive.go    a small body is read whole, a large one will stream (body.go)
//  6. forward  forward.go    pick, exchange, judge (retry.go), again if need be
//     .        prepare.go    what goes to the backend, field by field
//  7. respond  respond.go    the answer is handed to fasthttp, whole or as a stream
//     .        upgrade.go    or both connections go to a tunnel (101)
//     .        legacy.go     or, for HTTP/1.0, it is written until close
//  8. fail     fail.go       the only place where a fault becomes HTTP
//  9. finish   finish.go     after the last byte: metrics, log, release
//
// What the operator wrote becomes a Snapshot (snapshot.go, assemble*.go): it is
// immutable, a request lives on the one it began with, and a reload swaps one
// pointer. Start and Reload are in gateway.go, the end of life in drain.go.
package gateway
