package caching_test

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"penstock/gateway/gatewaytest"
)

// TestChangesRemoveOnlyTheirURL stores objects of several hosts and sends many changes to
// other URLs of one of them: every object is left. With PENSTOCK_CACHE_BIG set there are
// 200,000 changes.
func TestChangesRemoveOnlyTheirURL(t *testing.T) {
	objects, changes := 500, 6_000
	if os.Getenv("PENSTOCK_CACHE_BIG") != "" {
		objects, changes = 5_000, 200_000
	}
	var fetched atomic.Int64
	origin := gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		for {
			r, err := p.Request()
			if err != nil {
				return
			}
			if r.Method == "GET" {
				fetched.Add(1)
			}
			_, _ = p.Write([]byte("HTTP/1.1 200 OK\r\nCache-Control: max-age=3600\r\nContent-Length: 2\r\n\r\nhi"))
		}
	})
	g := gatewaytest.Start(t, store+"routes: [{ path: \"/*\", upstream: \""+origin.URL+"\", cache: on }]\n")
	fetch := func() {
		each(t, g.Address, objects, func(i int) string {
			return fmt.Sprintf("GET /%d HTTP/1.1\r\nHost: shop%d.example\r\n\r\n", i, i%5)
		})
	}
	fetch()
	each(t, g.Address, changes, func(i int) string {
		return fmt.Sprintf("POST /?%d HTTP/1.1\r\nHost: shop1.example\r\nContent-Length: 0\r\n\r\n", i)
	})
	fetch()
	left := 2*int64(objects) - fetched.Load()
	t.Logf("%d of %d objects are left after %d changes of other URLs", left, objects, changes)
	if left != int64(objects) {
		t.Errorf("%d of %d objects are left after %d changes of other URLs", left, objects, changes)
	}
}

// each sends n requests over eight connections, 20 at a time, and reads the responses.
func each(t *testing.T, address string, n int, request func(i int) string) {
	t.Helper()
	const connections, batch = 8, 20
	var next atomic.Int64
	var group sync.WaitGroup
	for range connections {
		c := gatewaytest.Dial(t, address)
		group.Go(func() {
			for {
				first := int(next.Add(batch)) - batch
				if first >= n {
					return
				}
				var text strings.Builder
				for i := first; i < min(n, first+batch); i++ {
					text.WriteString(request(i))
				}
				_ = c.SetDeadline(time.Now().Add(gatewaytest.Wait))
				if _, err := c.Write([]byte(text.String())); err != nil {
					t.Error(err)
					return
				}
				for range min(n-first, batch) {
					if a, err := c.TryRead("GET"); err != nil || a.StatusCode != 200 {
						t.Errorf("got %v, %v", a.Response, err)
						return
					}
				}
			}
		})
	}
	group.Wait()
}

// TestARequestAfterAChangeGetsWhatIsNewer sends a change while a fetch is under way: a request
// after the change does not wait for that fetch, whose response is older.
func TestARequestAfterAChangeGetsWhatIsNewer(t *testing.T) {
	h := newHeld(t)
	g := h.gateway("on")
	before := get(t, g, "/a")
	older := h.next()
	c := gatewaytest.Dial(t, g.Address)
	c.Send("POST /a HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0\r\n\r\n")
	h.respond(h.next(), "changed")
	if a := c.Read("POST"); a.StatusCode != 200 {
		t.Fatalf("the change: got %d", a.StatusCode)
	}
	after := get(t, g, "/a")
	newer := h.next()
	h.respond(older, "older", fresh)
	h.respond(newer, "newer", fresh)
	same(t, []*gatewaytest.Client{before}, 200, "older")
	same(t, []*gatewaytest.Client{after}, 200, "newer")
	stored(t, g, "/a", "newer")
	h.quiet()
}
