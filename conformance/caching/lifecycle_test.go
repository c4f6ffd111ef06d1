package caching_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"penstock/gateway/gatewaytest"
)

// TestReloadDuringFill shows that a fetch outlives the configuration that it began
// with, for all followers and for the store.
func TestReloadDuringFill(t *testing.T) {
	h := newHeld(t)
	g := h.gateway("on")
	whole := body(200000)
	clients := crowd(t, g, 10, "/")
	q := h.next()
	waiting(t, g, 9)
	h.head(q, len(whole), fresh)
	h.send(q, whole[:len(whole)/2])
	for _, cache := range []string{"60s", "off", "{ vary: { max: 3 } }"} {
		if err := g.Reload(h.config(store, cache)); err != nil {
			t.Fatal(err)
		}
	}
	h.send(q, whole[len(whole)/2:])
	q.done <- true
	same(t, clients, 200, whole)
	gatewaytest.Eventually(t, "a hit", func() bool {
		return strings.Contains(gatewaytest.Get(t, g.Address, "/").Header.Get("Cache-Status"), "; hit")
	})
	h.quiet()
}

// TestDrainDuringFill shows that a shutdown waits for a fetch and its followers.
func TestDrainDuringFill(t *testing.T) {
	h := newHeld(t)
	g := h.gateway("on")
	whole := body(200000)
	clients := crowd(t, g, 10, "/")
	q := h.next()
	waiting(t, g, 9)
	h.head(q, len(whole), fresh)
	h.send(q, whole[:len(whole)/2])
	g.Drain()
	ended := make(chan error, 1)
	go func() { ended <- g.Shutdown(context.Background()) }()
	h.send(q, whole[len(whole)/2:])
	q.done <- true
	same(t, clients, 200, whole)
	if err := <-ended; err != nil {
		t.Errorf("Shutdown: %v", err)
	}
}

// TestSlowLeaderGetsAll shows that a client that reads late gets the whole of a body
// which turns out too large to be stored only on the way.
func TestSlowLeaderGetsAll(t *testing.T) {
	h := newHeld(t)
	g := h.gateway("{ max_object: 100KiB }")
	whole := body(8 << 20)
	leader := get(t, g, "/")
	q := h.next()
	h.send(q, "HTTP/1.1 200 OK\r\nDate: "+h.date()+"\r\n"+fresh+"\r\nTransfer-Encoding: chunked\r\n\r\n")
	go func() {
		h.send(q, "800000\r\n"+whole+"\r\n0\r\n\r\n")
		q.done <- true
	}()
	same(t, []*gatewaytest.Client{leader}, 200, whole)
	c := get(t, g, "/")
	h.respond(h.next(), "small by now", fresh)
	same(t, []*gatewaytest.Client{c}, 200, "small by now")
}

// TestFollowersOfTooLargeBody shows that followers get the whole of such a body too, although
// it is no longer being stored.
func TestFollowersOfTooLargeBody(t *testing.T) {
	h := newHeld(t)
	g := h.gateway("{ max_object: 100KiB }")
	whole := body(4 << 20)
	clients := crowd(t, g, 4, "/")
	q := h.next()
	waiting(t, g, 3)
	go func() {
		h.send(q, "HTTP/1.1 200 OK\r\nDate: "+h.date()+"\r\n"+fresh+"\r\nTransfer-Encoding: chunked\r\n\r\n")
		h.send(q, "400000\r\n"+whole+"\r\n0\r\n\r\n")
		q.done <- true
	}()
	results := make(chan string, len(clients))
	for i, c := range clients {
		go func() {
			a, err := c.TryRead("GET")
			if err == nil && a.Err == nil && a.StatusCode == 200 && a.Text == whole {
				results <- ""
				return
			}
			results <- fmt.Sprintf("client %d got %d bytes, %v %v", i, len(a.Text), err, a.Err)
		}()
	}
	for range clients {
		if wrong := <-results; wrong != "" {
			t.Error(wrong)
		}
	}
	h.quiet()
}

// TestPurgeMethod shows who may purge on the public listener.
func TestPurgeMethod(t *testing.T) {
	for _, tc := range []struct {
		name, from string
		status     int
		gone       bool
	}{
		{"from an allowed address", "127.0.0.0/8", 204, true},
		{"from another", "10.0.0.0/8", 403, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := newHeld(t)
			g := h.gatewayWith("cache: { memory: 32MiB, admission: off, purge_from: [\""+tc.from+"\"] }\n", "on")
			c := get(t, g, "/a?b")
			h.respond(h.next(), "old", fresh)
			same(t, []*gatewaytest.Client{c}, 200, "old")
			c.Send("PURGE /a?b HTTP/1.1\r\nHost: a.example\r\n\r\n")
			if a := c.Read("PURGE"); a.StatusCode != tc.status {
				t.Errorf("PURGE: got %d %s, want %d", a.StatusCode, a.Text, tc.status)
			}
			h.quiet()
			c = get(t, g, "/a?b")
			if tc.gone {
				h.respond(h.next(), "new", fresh)
				same(t, []*gatewaytest.Client{c}, 200, "new")
				return
			}
			same(t, []*gatewaytest.Client{c}, 200, "old")
		})
	}
}
