package caching_test

import (
	"strings"
	"testing"

	"penstock/gateway/gatewaytest"
)

// TestHitsInPipeline shows that hits, and responses of the origin between them, come in the
// order of their requests when these come at once.
func TestHitsInPipeline(t *testing.T) {
	h := newHeld(t)
	g := h.gateway("on")
	c := get(t, g, "/a")
	h.respond(h.next(), "a", fresh)
	same(t, []*gatewaytest.Client{c}, 200, "a")
	const host = " HTTP/1.1\r\nHost: a.example\r\n"
	c.Send("GET /a" + host + "\r\nHEAD /a" + host + "\r\nGET /b" + host + "\r\nGET /a" + host + "\r\nGET /a" + host + "Connection: close\r\n\r\n")
	q := h.next()
	if q.RequestURI != "/b" {
		t.Errorf("the origin was asked for %s, want /b", q.RequestURI)
	}
	h.respond(q, "b", "Cache-Control: no-store")
	for i, want := range []string{"a", "", "b", "a", "a"} {
		method := "GET"
		if i == 1 {
			method = "HEAD"
		}
		if a := c.Read(method); a.Text != want || a.StatusCode != 200 {
			t.Errorf("answer %d: got %d %q, want %q", i, a.StatusCode, a.Text, want)
		}
	}
	if !c.Closed() {
		t.Error("the connection stays open behind Connection: close")
	}
	h.quiet()
}

// TestHitForHTTP10 shows a hit to a client that knows neither chunks nor keep-alive.
func TestHitForHTTP10(t *testing.T) {
	h := newHeld(t)
	g := h.gateway("on")
	whole := body(100000)
	c := get(t, g, "/")
	q := h.next()
	h.send(q, "HTTP/1.1 200 OK\r\nDate: "+h.date()+"\r\n"+fresh+"\r\nTransfer-Encoding: chunked\r\n\r\n186a0\r\n"+whole+"\r\n0\r\n\r\n")
	q.done <- true
	same(t, []*gatewaytest.Client{c}, 200, whole)
	c = gatewaytest.Dial(t, g.Address)
	c.Send("GET / HTTP/1.0\r\nHost: a.example\r\n\r\n")
	a := c.Read("GET")
	if a.Text != whole || len(a.TransferEncoding) > 0 || a.ContentLength != int64(len(whole)) {
		t.Errorf("got %d bytes, Content-Length %d, Transfer-Encoding %v", len(a.Text), a.ContentLength, a.TransferEncoding)
	}
	if !c.Closed() {
		t.Error("the connection stays open")
	}
	h.quiet()
}

// TestStaleWhenNothingListens shows that stored responses are served after the origin has ended.
func TestStaleWhenNothingListens(t *testing.T) {
	h := newHeld(t)
	g := h.gateway("on")
	c := get(t, g, "/")
	h.respond(h.next(), "kept", "Cache-Control: max-age=60")
	same(t, []*gatewaytest.Client{c}, 200, "kept")
	h.Close()
	h.clock.Advance(61e9)
	a := gatewaytest.Get(t, g.Address, "/")
	if a.StatusCode != 200 || a.Text != "kept" || a.Header.Get("Age") != "61" {
		t.Errorf("got %d %q, Age %q", a.StatusCode, a.Text, a.Header.Get("Age"))
	}
	if a := gatewaytest.Get(t, g.Address, "/other"); a.StatusCode < 500 {
		t.Errorf("what is not stored: got %d", a.StatusCode)
	}
	h.clock.Advance(600e9)
	if a := gatewaytest.Get(t, g.Address, "/"); a.StatusCode < 500 {
		t.Errorf("after stale_on_error: got %d %q", a.StatusCode, a.Text)
	}
}

// TestSeveralRanges reads the parts of a multipart response from the store.
func TestSeveralRanges(t *testing.T) {
	h := newHeld(t)
	g := h.gateway("on")
	whole := body(100000)
	c := get(t, g, "/")
	h.respond(h.next(), whole, fresh, "Content-Type: text/x")
	same(t, []*gatewaytest.Client{c}, 200, whole)
	stored(t, g, "/", whole)
	a := gatewaytest.Get(t, g.Address, "/", "Range: bytes=0-9, 70000-70099, -5")
	boundary, ok := strings.CutPrefix(a.Header.Get("Content-Type"), "multipart/byteranges; boundary=")
	if a.StatusCode != 206 || !ok {
		t.Fatalf("got %d, Content-Type %q", a.StatusCode, a.Header.Get("Content-Type"))
	}
	want := ""
	for _, part := range []struct{ where, text string }{
		{"0-9", whole[:10]}, {"70000-70099", whole[70000:70100]}, {"99995-99999", whole[99995:]},
	} {
		want += "\r\n--" + boundary + "\r\nContent-Type: text/x\r\nContent-Range: bytes " + part.where + "/100000\r\n\r\n" + part.text
	}
	want += "\r\n--" + boundary + "--\r\n"
	if got := "\r\n" + strings.TrimPrefix(a.Text, "\r\n"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if a.ContentLength != int64(len(a.Text)) {
		t.Errorf("Content-Length %d for %d bytes", a.ContentLength, len(a.Text))
	}
	h.quiet()
}

// TestPurgeDuringFill shows that a response to a request before a purge is not stored after
// the purge.
func TestPurgeDuringFill(t *testing.T) {
	h := newHeld(t)
	g := h.gateway("on")
	c := get(t, g, "/")
	q := h.next()
	if err := purge(g, []string{"url", "http://a.example/"}); err != nil {
		t.Fatal(err)
	}
	h.respond(q, "old", fresh)
	same(t, []*gatewaytest.Client{c}, 200, "old")
	c = get(t, g, "/")
	h.respond(h.next(), "new", fresh)
	same(t, []*gatewaytest.Client{c}, 200, "new")
	same(t, crowd(t, g, 1, "/"), 200, "new")
	h.quiet()
}

// TestInvalidationDuringFill shows that a response to a request before an unsafe method
// succeeded is not stored after that.
func TestInvalidationDuringFill(t *testing.T) {
	h := newHeld(t)
	g := h.gateway("on")
	c := get(t, g, "/")
	q := h.next()
	post := gatewaytest.Dial(t, g.Address)
	post.Send("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1\r\n\r\nx")
	h.respond(h.next(), "changed")
	if a := post.Read("POST"); a.Text != "changed" {
		t.Fatalf("POST: got %q", a.Text)
	}
	h.respond(q, "old", fresh)
	same(t, []*gatewaytest.Client{c}, 200, "old")
	c = get(t, g, "/")
	h.respond(h.next(), "new", fresh)
	same(t, []*gatewaytest.Client{c}, 200, "new")
}
