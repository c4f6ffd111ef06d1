package gatewaytest

import (
	"net"
	"testing"

	"penstock/origin/scripted"
)

// Peer is one connection of the gateway to an Origin.
type Peer = scripted.Peer

// Origin is a scripted backend on a loopback socket.
type Origin struct {
	*scripted.Origin
	URL string // "http://127.0.0.1:port"
}

// NewOrigin serves script on each connection until the test ends. The script owns
// the connection; it is closed when the script returns. A Peer waits for one request at most Wait.
// It fails the test when no port is free.
func NewOrigin(t testing.TB, script func(p *Peer)) *Origin {
	t.Helper()
	o, err := scripted.Start(scripted.Options{Script: script, Patience: Wait})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.Close)
	return &Origin{Origin: o, URL: "http://" + o.Address}
}

// Always returns a script that sends the same bytes for every request and keeps the
// connection open. It returns when a request cannot be read or the bytes cannot be sent.
func Always(raw string) func(p *Peer) { return scripted.Always(raw) }

// OK returns the text of a complete 200 response with this body and its length.
func OK(body string) string { return scripted.OK(body) }

// Dead returns an address that refuses connections until the test ends: the port is not
// free for another listener, because it is the client's end of a connection. It fails the test when
// no port is free.
func Dead(t testing.TB) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	return Dial(t, ln.Addr().String()).LocalAddr().String()
}
