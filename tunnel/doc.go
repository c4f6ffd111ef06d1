// Package tunnel joins two connections: what one side sends the other receives,
// until both have ended. It knows no protocol. A Registry counts the tunnels that
// are open and ends them when the gateway does.
package tunnel
