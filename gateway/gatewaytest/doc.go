// Package gatewaytest runs a gateway between a scripted origin and a raw client,
// all on loopback sockets, for black-box tests. Only tests import it.
package gatewaytest
