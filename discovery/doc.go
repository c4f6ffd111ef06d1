// Package discovery finds the addresses of an upstream and reports when they
// change. A Source turns the configured names and addresses, each with a weight, into the
// list of endpoints to balance over: Static does it once, DNS periodically. Sources open no
// connection to a backend and keep no state about it.
package discovery
