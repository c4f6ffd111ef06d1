// Package origin is the embedded origin: a small HTTP/1.1 server on a real socket
// whose responses, and failures, are selected by the request.
//
// The demo runs the gateway in front of three of them, the load tests use one.
// Every response names its origin in X-Origin. Named pages (/json,
// /slow, /flaky, /pages/{n}, /download, /events, /ws, /echo, /upload) show one
// behaviour each; the query parameters size, delay, status, cache, chunked and
// abort shape the response on any path and take precedence over a page of that path.
//
// It is a backend like any other, so it imports nothing of the gateway.
package origin
