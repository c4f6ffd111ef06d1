// Package upstream is what the gateway knows of backends: a Cluster chooses and
// watches them, and a Client makes one round trip with one of them.
//
// A round trip walks through these files:
//
//  1. take      pool.go      a slot, then an idle connection that still lives, or a new one (dial.go, tls.go)
//  2. send      head.go      head and small body in one write
//     .         upload.go    or the body flows from the client while the response is awaited
//  3. receive   read.go      what the backend sends, buffered and timed by progress
//     .         head.go      the strict response head; 1xx are passed on or swallowed
//  4. deliver   client.go    a small body is read whole and the connection is free again
//     .         stream.go    or the body flows to the client; chunked.go reads its coding
//  5. settle    client.go    the connection is kept only if both messages ended cleanly
//
// fasthttp's HostClient is the store of idle connections and nothing more: its
// own round trip rewrites targets, hides interim responses, repeats requests by
// itself and takes truncated responses for complete ones. fault.go names every
// failure of a backend's connection.
//
// A message that was cut short is never presented as complete: not to the
// backend (its connection is closed without the last chunk or the missing
// bytes), and not to the client (the body stream ends with an error).
package upstream
