package conformance_test

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"penstock/conformance"
)

// pipe is the worst gateway there is: it copies bytes and looks at none.
func pipe(t *testing.T, origin string) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var open sync.WaitGroup
	t.Cleanup(func() {
		_ = ln.Close()
		open.Wait()
	})
	forward := func(dst, src net.Conn) {
		_, _ = io.Copy(dst, src)
		_ = dst.(*net.TCPConn).CloseWrite()
	}
	open.Go(func() {
		for {
			client, err := ln.Accept()
			if err != nil {
				return
			}
			open.Go(func() {
				defer func() { _ = client.Close() }()
				backend, err := net.Dial("tcp", origin)
				if err != nil {
					return
				}
				defer func() { _ = backend.Close() }()
				done := make(chan struct{})
				go func() { forward(backend, client); close(done) }()
				forward(client, backend)
				_ = client.Close()
				<-done
			})
		}
	})
	return ln.Addr().String()
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

// strict reports whether every acceptable outcome is an answer of the gateway's own.
func strict(c *conformance.Case) bool {
	for _, o := range c.Want {
		if o.Kind != conformance.Refused && o.Kind != conformance.Answered && o.Kind != conformance.Gateway {
			return false
		}
	}
	return true
}
