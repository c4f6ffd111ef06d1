package caching_test

import (
	"fmt"
	"strings"
	"testing"

	"penstock/gateway/gatewaytest"
	"penstock/ops"
)

// underscores lets fields with "_" in their names pass, as far as the cache has no say in it.
const underscores = "underscores: keep\n"

// play requests a target and lets the origin respond with a body and fields.
func (h *held) play(g *gatewaytest.Gateway, target string, asks []string, text string, fields ...string) gatewaytest.Response {
	h.t.Helper()
	c := get(h.t, g, target, asks...)
	h.respond(h.next(), text, fields...)
	return c.Read("GET")
}

// TestTheHostIsSentAsItIsKeyed shows that two spellings of a host, which share a response, are
// one spelling at the origin.
func TestTheHostIsSentAsItIsKeyed(t *testing.T) {
	h := newHeld(t)
	g := h.gateway("on")
	c := gatewaytest.Dial(t, g.Address)
	c.Send("GET / HTTP/1.1\r\nHost: EVIL.Example:80\r\n\r\n")
	q := h.next()
	if q.Host != "evil.example" || strings.Contains(q.Header.Get("X-Forwarded-Host"), "EVIL") {
		t.Errorf("the origin was asked for Host %q, X-Forwarded-Host %q", q.Host, q.Header.Get("X-Forwarded-Host"))
	}
	h.respond(q, "x", fresh)
	c.Read("GET")
}

// TestTheLookupShowsNoCookies shows that what operators see of a stored response has the names
// of its cookies alone.
func TestTheLookupShowsNoCookies(t *testing.T) {
	h := newHeld(t)
	g := h.gateway("{ store_set_cookie: on }")
	h.play(g, "/", nil, "x", fresh, "Set-Cookie: session=secret; Path=/")
	e, err := g.CacheLookup(ops.CacheQuestion{Method: "GET", URL: ops.CacheURL{Scheme: "http", Host: "a.example", Target: "/"}})
	if err != nil || e.Entry == nil {
		t.Fatalf("got %+v, %v", e, err)
	}
	if all := strings.Join(e.Entry.Fields, "\n"); strings.Contains(all, "secret") || !strings.Contains(all, "Set-Cookie: session=") {
		t.Errorf("got %q, want the cookie's name without its value", all)
	}
}

// TestOneMoreVariantEvictsOne shows that the variant for a new value of the field takes the
// place of the least used variant, and of no other.
func TestOneMoreVariantEvictsOne(t *testing.T) {
	h := newHeld(t)
	g := h.gateway("{ vary: { max: 4 } }")
	ask := func(lang string) bool { // whether the origin was asked
		t.Helper()
		c := get(t, g, "/", "X-L: "+lang)
		came := make(chan error, 1)
		go func() {
			_, err := c.In.Peek(1)
			came <- err
		}()
		asked := false
		select {
		case q := <-h.asked:
			asked = true
			h.respond(q, lang, fresh, "Vary: X-L")
			<-came
		case <-came:
		}
		same(t, []*gatewaytest.Client{c}, 200, lang)
		return asked
	}
	for _, lang := range []string{"de", "fr", "it", "es"} {
		ask(lang)
	}
	for range 3 {
		for _, lang := range []string{"de", "fr", "it"} {
			if ask(lang) {
				t.Fatalf("%s is not stored", lang)
			}
		}
	}
	for i := range 20 { // each evicts the one before
		ask(fmt.Sprintf("odd%d", i))
	}
	for _, lang := range []string{"de", "fr", "it"} {
		if ask(lang) {
			t.Errorf("%s was evicted by values that came once", lang)
		}
	}
	if !ask("es") {
		t.Error("es is still stored, beside the three and an odd one")
	}
}

// TestTwiceTheKeyedCookie shows that a request whose keyed cookie may be read two ways is not
// served from the store, and its response is not stored.
func TestTwiceTheKeyedCookie(t *testing.T) {
	for _, odd := range [][]string{
		{"Cookie: lang=de; lang=evil"},
		{"Cookie: lang=de", "Cookie: lang=evil"},
		{"Cookie: lang=de; lang =evil"},
		{"Cookie: lang=de; \"lang\"=evil"},
		{"Cookie: lang=de; l%61ng=evil"},
		{"Cookie: lang=de; a=1, lang=evil"},
		{"Cookie: a=\"1; lang=de\"; b=2"},
	} {
		h := newHeld(t)
		g := h.gateway("{ key: { cookies: [lang] } }")
		if got := h.play(g, "/", odd, "evil", fresh); got.Text != "evil" {
			t.Fatalf("%q: got %q", odd, got.Text)
		}
		if got := h.play(g, "/", []string{"Cookie: lang=de"}, "hallo", fresh); got.Text != "hallo" {
			t.Errorf("after %q: got %q, want the origin to be asked", odd, got.Text)
		}
		same(t, []*gatewaytest.Client{get(t, g, "/", "Cookie: a=1; lang=de")}, 200, "hallo")
	}
}

// TestUnderscoresShadowNothing shows that a field which CGI and WSGI programs take for one that
// selects the response does not reach them, or that they make nothing that is stored of it.
func TestUnderscoresShadowNothing(t *testing.T) {
	h := newHeld(t)
	g := h.gatewayWith(store+underscores, "{ key: { headers: [X-Tenant] } }")
	odd := []string{"X-Tenant: a", "X_Tenant: evil", "Accept-Language: en", "accept_language: evil", "Other_Field: 1"}
	c := get(t, g, "/", odd...)
	q := h.next()
	if q.Header.Get("X_tenant") != "" || q.Header.Get("Other_field") != "1" {
		t.Errorf("the origin got X_Tenant %q, Other_Field %q", q.Header.Get("X_tenant"), q.Header.Get("Other_field"))
	}
	h.respond(q, "evil", fresh, "Vary: Accept-Language") // nothing said before that this field selects
	same(t, []*gatewaytest.Client{c}, 200, "evil")
	plain := []string{"X-Tenant: a", "Accept-Language: en"}
	h.play(g, "/", plain, "good", "Cache-Control: max-age=0", `ETag: "a"`, "Vary: Accept-Language")
	c = get(t, g, "/", odd...)
	if q = h.next(); q.Header.Get("Accept_language") != "" {
		t.Errorf("the origin got Accept_Language: %s", q.Header.Get("Accept_language"))
	}
	h.respond(q, "good")
	same(t, []*gatewaytest.Client{c}, 200, "good")
}
