package conformance_test

import (
	"io"
	"net"
	"testing"
	"time"

	"penstock/conformance"
	"penstock/origin/scripted"
)

// pipe is the worst gateway there is: it copies bytes and looks at none.
func pipe(t *testing.T, origin string) string {
	t.Helper()
	forward := func(dst, src net.Conn) {
		_, _ = io.Copy(dst, src)
		_ = dst.(*net.TCPConn).CloseWrite()
	}
	relay, err := scripted.Start(scripted.Options{Script: func(p *scripted.Peer) {
		backend, err := net.Dial("tcp", origin)
		if err != nil {
			return
		}
		defer func() { _ = backend.Close() }()
		done := make(chan struct{})
		go func() { forward(backend, p.Conn); close(done) }()
		forward(p.Conn, backend)
		_ = p.Close()
		<-done
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(relay.Close)
	return relay.Address
}

// TestBlindPipe shows that the cases can fail: a gateway that looks at nothing is
// caught by every case that leaves no way through.
func TestBlindPipe(t *testing.T) {
	for _, table := range tables(t) {
		t.Run(table.Family, func(t *testing.T) {
			t.Parallel()
			origin, err := conformance.NewOrigin()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(origin.Close)
			r := &conformance.Runner{Address: pipe(t, origin.Address), Origin: origin, Patience: 20 * time.Millisecond}
			for _, c := range table.Cases {
				if !c.Danger || !strict(c) {
					continue
				}
				seen, err := r.Run(c)
				if err != nil {
					t.Fatal(err)
				}
				if c.Judge(seen) == "" {
					t.Errorf("%q finds nothing wrong with a blind pipe: %s", c.Name, conformance.Describe(c, seen))
				}
			}
		})
	}
}

// strict reports whether every acceptable outcome is a response of the gateway's own.
func strict(c *conformance.Case) bool {
	for _, o := range c.Want {
		if o.Kind != conformance.Refused && o.Kind != conformance.Answered && o.Kind != conformance.Gateway {
			return false
		}
	}
	return true
}
