// Package h1 serves HTTP/1.0 and HTTP/1.1 clients. Connections are accepted by fasthttp's server
// and run on its pool of workers. It hands each one over as if TLS had negotiated the protocol,
// so nothing else of fasthttp has a part in it: heads are received by the request gate (head.go),
// which keeps back what follows (readahead.go), bodies are read from it, and responses are
// written in one piece (write.go).
//
// It is the only package of the request path that names fasthttp's server.
package h1
