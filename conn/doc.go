// Package conn is a network connection with a record: it counts bytes, remembers
// the end of the stream, probes whether a pooled peer is still there, closes
// without destroying its last response, and moves bytes from socket to socket.
//
// Deadlines are lazy. Setting one on a plain net.Conn changes a timer of the
// runtime's poller and costs about as much as a small system call; an HTTP server
// does it several times per request. Here a deadline is one atomic store, and a
// Sweeper that owns all connections enforces it: every tick it looks for deadlines
// that have passed while a call is blocked, and only then touches the poller.
//
// The price is precision: a blocked call ends up to one tick after its deadline.
// Deadlines that are already past when they are set act at once.
package conn
