// Package listener accepts client connections: over TCP on one address family or
// both, and over unix sockets; it survives running out of descriptors, and it bounds
// how many connections are open.
package listener
