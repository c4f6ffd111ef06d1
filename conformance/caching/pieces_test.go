package caching_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"penstock/gateway/gatewaytest"
)

// TestRangesOverPieces cuts a large stored body at many places, and asks for its head.
func TestRangesOverPieces(t *testing.T) {
	h := newHeld(t)
	g := h.gateway("on")
	const size = 200000
	whole := body(size)
	c := get(t, g, "/")
	h.respond(h.next(), whole, fresh, `ETag: "a"`)
	same(t, []*gatewaytest.Client{c}, 200, whole)
	edges := []int{0, 1, 16351, 16352, 16353, 32703, 32704, 32705, 65535, 65536, 65537, 98112, size - 2, size - 1}
	for i, first := range edges {
		for _, last := range edges[i:] {
			c.Send(fmt.Sprintf("GET / HTTP/1.1\r\nHost: a.example\r\nRange: bytes=%d-%d\r\n\r\n", first, last))
			a := c.Read("GET")
			if a.StatusCode != 206 || a.Text != whole[first:last+1] {
				t.Errorf("bytes %d to %d: got %d and %d bytes, want %d", first, last, a.StatusCode, len(a.Text), last+1-first)
			}
		}
	}
	c.Send("HEAD / HTTP/1.1\r\nHost: a.example\r\n\r\n")
	if a := c.Read("HEAD"); a.StatusCode != 200 || a.ContentLength != size {
		t.Errorf("HEAD: got %d, Content-Length %d, want %d", a.StatusCode, a.ContentLength, size)
	}
	h.quiet()
}

// TestLargeHeads stores and returns heads and URLs that are nearly as long as they
// may be.
func TestLargeHeads(t *testing.T) {
	h := newHeld(t)
	g := h.gateway("on")
	long := strings.Repeat("v", 20000)
	target := "/?" + strings.Repeat("q", 15000)
	for i, tg := range []string{"/", target, target + "x"} {
		text := strconv.Itoa(i)
		c := get(t, g, tg)
		h.respond(h.next(), text, fresh, "X-Long: "+long)
		same(t, []*gatewaytest.Client{c}, 200, text)
	}
	for i, tg := range []string{"/", target, target + "x"} {
		a := gatewaytest.Get(t, g.Address, tg)
		if a.Text != strconv.Itoa(i) || a.Header.Get("X-Long") != long {
			t.Errorf("%.10s: got %q with a field of %d bytes", tg, a.Text, len(a.Header.Get("X-Long")))
		}
	}
	h.quiet()
}

// TestHitsKeepApart requests many objects of many sizes from many clients at once, and wants
// each response to be the one of its object.
func TestHitsKeepApart(t *testing.T) {
	h := newHeld(t)
	g := h.gateway("on")
	var texts []string
	for i := range 40 {
		texts = append(texts, fmt.Sprintf("object %d: %s", i, body(i*i*i)))
	}
	go func() {
		for q := range h.asked {
			i, _ := strconv.Atoi(strings.TrimPrefix(q.RequestURI, "/"))
			h.respond(q, texts[i], fresh)
		}
	}()
	t.Cleanup(func() { close(h.asked) })
	const clients = 8
	wrong := make(chan error, clients)
	for n := range clients {
		c := gatewaytest.Dial(t, g.Address)
		go func() { wrong <- askAll(c, texts, n*13) }()
	}
	for range clients {
		if err := <-wrong; err != nil {
			t.Error(err)
		}
	}
}

// askAll asks for each object twice, in an order of its own.
func askAll(c *gatewaytest.Client, texts []string, from int) error {
	for k := range 2 * len(texts) {
		i := (k*7 + from) % len(texts)
		if _, err := fmt.Fprintf(c, "GET /%d HTTP/1.1\r\nHost: a.example\r\n\r\n", i); err != nil {
			return err
		}
		if a, err := c.TryRead("GET"); err != nil || a.Err != nil || a.Text != texts[i] {
			return fmt.Errorf("object %d: got %.40q, %v %v", i, a.Text, err, a.Err)
		}
	}
	return nil
}
