package caching_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"penstock/gateway/gatewaytest"
)

const fresh = "Cache-Control: max-age=3600"

// TestOneRequestForAColdKey lets 1,000 clients ask for the same at once while the
// origin takes its time.
func TestOneRequestForAColdKey(t *testing.T) {
	h := newHeld(t)
	g := h.gateway("on")
	clients := crowd(t, g, 1000, "/cold")
	q := h.next()
	waiting(t, g, 999)
	h.respond(q, "the one answer", fresh)
	collapsed := 0
	for _, a := range same(t, clients, 200, "the one answer") {
		if strings.Contains(a.Header.Get("Cache-Status"), "; collapsed") {
			collapsed++
		}
	}
	if collapsed != 999 {
		t.Errorf("%d answers say collapsed, want 999", collapsed)
	}
	h.quiet()
	if a := gatewaytest.Get(t, g.Address, "/cold"); a.Text != "the one answer" || !strings.Contains(a.Header.Get("Cache-Status"), "; hit") {
		t.Errorf("afterwards got %q, Cache-Status %q", a.Text, a.Header.Get("Cache-Status"))
	}
}

// TestFollowersStreamWhileItFills holds the second half of a large body back until
// every client has read of the first.
func TestFollowersStreamWhileItFills(t *testing.T) {
	h := newHeld(t)
	g := h.gateway("on")
	whole := body(1 << 20)
	clients := crowd(t, g, 50, "/large")
	q := h.next()
	waiting(t, g, 49)
	h.head(q, len(whole), fresh)
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		h.send(q, whole[:len(whole)/2])
	}()
	bodies := make([]io.Reader, len(clients))
	first := make([]byte, 1000)
	for i, c := range clients {
		a, err := http.ReadResponse(c.In, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(a.Body, first); err != nil || string(first) != whole[:len(first)] {
			t.Fatalf("client %d got %.60q first, %v", i, first, err)
		}
		bodies[i] = io.MultiReader(strings.NewReader(string(first)), a.Body)
	}
	go func() {
		<-sent
		h.send(q, whole[len(whole)/2:])
		q.done <- true
	}()
	type result struct {
		i    int
		text string
		err  error
	}
	results := make(chan result)
	for i, b := range bodies {
		go func() {
			text, err := io.ReadAll(b)
			results <- result{i, string(text), err}
		}()
	}
	for range bodies {
		if r := <-results; r.err != nil || r.text != whole {
			t.Errorf("client %d got %d bytes, %v, want %d", r.i, len(r.text), r.err, len(whole))
		}
	}
	h.quiet()
}

// TestSlowFollowerStallsNobody has one client that does not read.
func TestSlowFollowerStallsNobody(t *testing.T) {
	h := newHeld(t)
	g := h.gateway("on")
	whole := body(8 << 20)
	leader := get(t, g, "/large")
	q := h.next()
	slow := get(t, g, "/large")
	waiting(t, g, 1)
	h.head(q, len(whole), fresh)
	go func() {
		h.send(q, whole)
		q.done <- true
	}()
	same(t, []*gatewaytest.Client{leader}, 200, whole)
	go func() { // a follower that is too slow may send a request of its own
		for q := range h.asked {
			h.respond(q, whole, fresh)
		}
	}()
	t.Cleanup(func() { close(h.asked) })
	same(t, []*gatewaytest.Client{slow}, 200, whole)
}

// TestUncacheableAnswerHasNoQueue shows that followers of a response that cannot be shared
// send requests of their own, all at once: the origin responds only when it has all of them.
func TestUncacheableAnswerHasNoQueue(t *testing.T) {
	for _, tc := range []struct{ name, field string }{
		{"no-store", "Cache-Control: no-store"},
		{"private", "Cache-Control: private, max-age=60"},
		{"Set-Cookie", "Set-Cookie: id=1"},
		{"Vary: *", "Vary: *"},
		{"nothing", "X-None: 1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := newHeld(t)
			g := h.gateway("on")
			clients := crowd(t, g, 50, "/")
			leader := h.next()
			waiting(t, g, 49)
			h.respond(leader, "an answer", tc.field)
			var rest []*request
			for range 49 {
				rest = append(rest, h.next())
			}
			for _, q := range rest {
				h.respond(q, "an answer", tc.field)
			}
			same(t, clients, 200, "an answer")
			clients = crowd(t, g, 50, "/") // the key is remembered: nobody waits for a leader
			rest = nil
			for range 50 {
				rest = append(rest, h.next())
			}
			for _, q := range rest {
				h.respond(q, "another", tc.field)
			}
			same(t, clients, 200, "another")
		})
	}
}

// TestUncacheableKeyIsNotForever shows that requests for a key whose response was not stored
// are collapsed again when a later response may be stored.
func TestUncacheableKeyIsNotForever(t *testing.T) {
	h := newHeld(t)
	g := h.gateway("on")
	ask := func(text, field string) {
		t.Helper()
		c := get(t, g, "/")
		h.respond(h.next(), text, field)
		same(t, []*gatewaytest.Client{c}, 200, text)
	}
	ask("one", "Cache-Control: no-store")
	ask("two", fresh)
	same(t, crowd(t, g, 1, "/"), 200, "two")
	h.quiet()
}

// TestLeadersClientLeaves shows that the fetch goes on for the followers, and for the store
// when there are none.
func TestLeadersClientLeaves(t *testing.T) {
	for _, followers := range []int{0, 20} {
		h := newHeld(t)
		g := h.gateway("on")
		leader := get(t, g, "/")
		q := h.next()
		clients := crowd(t, g, followers, "/")
		waiting(t, g, followers)
		_ = leader.Close()
		h.head(q, 200000, fresh)
		whole := body(200000)
		h.send(q, whole[:100000])
		h.send(q, whole[100000:])
		q.done <- true
		same(t, clients, 200, whole)
		stored(t, g, "/", whole)
		h.quiet()
	}
}

// TestLeaderFails shows that a fetch that fails is a fault for its leader alone.
func TestLeaderFails(t *testing.T) {
	h := newHeld(t)
	g := h.gateway("on")
	leader := get(t, g, "/")
	q := h.next()
	clients := crowd(t, g, 20, "/")
	waiting(t, g, 20)
	q.done <- false
	if a := leader.Read("GET"); a.StatusCode != 502 {
		t.Errorf("the leader got %d, want 502", a.StatusCode)
	}
	go func() {
		for q := range h.asked {
			h.respond(q, "well", fresh)
		}
	}()
	t.Cleanup(func() { close(h.asked) })
	same(t, clients, 200, "well")
}

// TestLeaderIsCut shows that a truncated response is truncated for every client and is not
// stored.
func TestLeaderIsCut(t *testing.T) {
	h := newHeld(t)
	g := h.gateway("on")
	whole := body(1 << 20)
	clients := crowd(t, g, 10, "/")
	q := h.next()
	waiting(t, g, 9)
	h.head(q, len(whole), fresh)
	h.send(q, whole[:len(whole)/2])
	for i, c := range clients {
		if _, err := c.In.Peek(1); err != nil { // one that has got nothing yet would ask anew
			t.Fatalf("client %d got nothing: %v", i, err)
		}
	}
	q.done <- false
	for i, c := range clients {
		if a, err := c.TryRead("GET"); err == nil && a.Err == nil && a.StatusCode == 200 {
			t.Errorf("client %d got %d bytes as a complete answer", i, len(a.Text))
		}
	}
	c := get(t, g, "/")
	h.respond(h.next(), whole, fresh)
	same(t, []*gatewaytest.Client{c}, 200, whole)
}

// TestOneFetchPerVariant shows that clients that want another variant neither get the
// leader's nor block each other.
func TestOneFetchPerVariant(t *testing.T) {
	h := newHeld(t)
	g := h.gateway("on")
	german := get(t, g, "/", "Accept-Language: de")
	q := h.next()
	french := get(t, g, "/", "Accept-Language: fr")
	waiting(t, g, 1)
	h.respond(q, "hallo", fresh, "Vary: Accept-Language")
	same(t, []*gatewaytest.Client{german}, 200, "hallo")
	if q = h.next(); q.Header.Get("Accept-Language") != "fr" {
		t.Errorf("the origin was asked for %q, want fr", q.Header.Get("Accept-Language"))
	}
	h.respond(q, "salut", fresh, "Vary: Accept-Language")
	same(t, []*gatewaytest.Client{french}, 200, "salut")
	same(t, []*gatewaytest.Client{get(t, g, "/", "Accept-Language: de")}, 200, "hallo")
	h.quiet()
}

// TestOneRequestInTheBackground lets many clients meet a stale response that may
// be used while it is validated.
func TestOneRequestInTheBackground(t *testing.T) {
	h := newHeld(t)
	g := h.gateway("on")
	c := get(t, g, "/")
	h.respond(h.next(), "old", "Cache-Control: max-age=60, stale-while-revalidate=600", `ETag: "a"`)
	same(t, []*gatewaytest.Client{c}, 200, "old")
	h.clock.Advance(61e9)
	same(t, crowd(t, g, 50, "/"), 200, "old") // nobody waits for the origin, which says nothing yet
	q := h.next()
	if q.Header.Get("If-None-Match") != `"a"` {
		t.Errorf("If-None-Match %q, want %q", q.Header.Get("If-None-Match"), `"a"`)
	}
	same(t, crowd(t, g, 50, "/"), 200, "old")
	h.quiet()
	h.respond(q, "new", fresh)
	gatewaytest.Eventually(t, "the new answer", func() bool { return gatewaytest.Get(t, g.Address, "/").Text == "new" })
	h.quiet()
}

// TestOneValidationAtATime lets many clients meet a stale response that has to be
// validated first.
func TestOneValidationAtATime(t *testing.T) {
	h := newHeld(t)
	g := h.gateway("on")
	c := get(t, g, "/")
	h.respond(h.next(), "kept", "Cache-Control: max-age=60", `ETag: "a"`)
	same(t, []*gatewaytest.Client{c}, 200, "kept")
	h.clock.Advance(61e9)
	clients := crowd(t, g, 50, "/")
	q := h.next()
	waiting(t, g, 49)
	h.send(q, "HTTP/1.1 304 Not Modified\r\nDate: "+h.date()+"\r\nCache-Control: max-age=60\r\nETag: \"a\"\r\n\r\n")
	q.done <- true
	same(t, clients, 200, "kept")
	h.quiet()
}
