// Package h1 serves HTTP/1.0 and HTTP/1.1 clients with fasthttp's server, its worker pool
// and its buffers. The request gate (gate.go) is between a client's
// connection and fasthttp: it lets one request head pass and keeps what follows, so that request bodies
// and the bytes of the next request never go through fasthttp, which is more lenient than
// we are. Responses do not go through fasthttp either: it writes an empty one at the right
// time, and the gate writes ours in its place (write.go).
//
// It is the only package of the request path that names fasthttp's server.
package h1
