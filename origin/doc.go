// Package origin is the embedded origin: a small HTTP/1.1 server that really
// listens and behaves, or misbehaves, as the request asks.
//
// The demo puts the gateway in front of three of them, the load tests drive
// one alone. Every answer names its origin in X-Origin. Named pages (/json,
// /slow, /flaky, /pages/{n}, /download, /events, /ws, /echo, /upload) show one
// behaviour each; the query parameters size, delay, status, cache, chunked and
// abort shape the answer on any path and win over the page that lives there.
//
// It is a backend like any other, so it imports nothing of the gateway.
package origin
