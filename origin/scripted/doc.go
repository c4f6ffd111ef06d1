// Package scripted is the backend of every test that has to decide what a backend says:
// an Origin listens on a socket, and a script of the test speaks raw bytes on each
// connection, a Peer. Reader reads what was sent strictly, and State is for what scripts
// and tests share.
//
// Only tests and the suites that they run import it. It knows no HTTP library but
// net/http's reader of requests, and nothing of the gateway.
package scripted
