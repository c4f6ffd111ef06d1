package gateway_test

import (
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"

	"penstock/gateway/gatewaytest"
)

// cutter is an origin that breaks off in the middle of what the target names, and
// reads uploads to wherever they end.
func cutter(p *gatewaytest.Peer) {
	head, err := p.Head()
	if err != nil {
		return
	}
	switch {
	case strings.HasPrefix(head, "GET /sized "):
		_, _ = io.WriteString(p, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nnot all of it")
	case strings.HasPrefix(head, "GET /chunked "):
		_, _ = io.WriteString(p, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
	default:
		_, _ = io.Copy(io.Discard, p.In)
	}
}

// aborts are requests of which one side breaks off before the end.
var aborts = map[string]string{
	"origin, sized":   "GET /sized HTTP/1.1\r\nHost: a\r\n\r\n",
	"origin, chunked": "GET /chunked HTTP/1.1\r\nHost: a\r\n\r\n",
	"client, sized":   "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nnot all of it",
	"client, chunked": "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
}

// abort runs one of them to its end and reports whether the client got a complete good
// response, which must not happen.
func abort(t *testing.T, address, raw string) (complete bool) {
	c := gatewaytest.Dial(t, address)
	defer func() { _ = c.Close() }()
	if _, err := io.WriteString(c, raw); err != nil {
		return false
	}
	if strings.HasPrefix(raw, "POST") {
		closeWrite(t, c)
	}
	a, err := c.TryRead(raw[:strings.IndexByte(raw, ' ')])
	return err == nil && a.Err == nil && a.StatusCode < 400
}

func TestTenThousandAbortsLeaveNothingBehind(t *testing.T) {
	origin := gatewaytest.NewOrigin(t, cutter)
	g := gatewaytest.Start(t, oneRoute(origin.URL))
	for _, raw := range aborts { // what is made once is made now
		abort(t, g.Address, raw)
	}
	goroutines, files := runtime.NumGoroutine(), openFiles()

	const workers, each = 8, 10_000 / 8 / 4
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range each {
				for name, raw := range aborts {
					if abort(t, g.Address, raw) {
						t.Errorf("%s: the client saw a complete answer", name)
						return
					}
				}
			}
		})
	}
	wg.Wait()

	gatewaytest.Eventually(t, "no connection to the backend is in use", func() bool {
		b := g.Upstreams()[0].Backends[0]
		return b.Active == 0 && b.InFlight == 0 && b.Waiting == 0
	})
	const idle = 4 * workers // fasthttp keeps the goroutines of closed connections for 10 s
	gatewaytest.Eventually(t, "goroutines and descriptors are as before", func() bool {
		return runtime.NumGoroutine() <= goroutines+idle && openFiles() <= files+2
	})
}

// openFiles counts this process's descriptors; 0 where that cannot be known.
func openFiles() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(entries)
}
