// Package discovery finds the addresses of an upstream and reports when they
// change. A Source turns what the operator wrote, names or addresses with a
// weight, into the list of endpoints to balance over: Static once, DNS again and
// again. It opens no connection to a backend and keeps no state about it.
package discovery
