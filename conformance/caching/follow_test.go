package caching_test

import (
	"testing"

	"penstock/gateway/gatewaytest"
)

// TestFollowersOfEveryKind lets requests of different forms wait for one fetch;
// each gets the form that it asked for.
func TestFollowersOfEveryKind(t *testing.T) {
	h := newHeld(t)
	g := h.gateway("on")
	leader := get(t, g, "/")
	q := h.next()
	known := get(t, g, "/", `If-None-Match: "x", "a"`)
	unknown := get(t, g, "/", `If-None-Match: "b"`)
	since := get(t, g, "/", "If-Modified-Since: "+h.date())
	waiting(t, g, 3)
	h.respond(q, "0123456789", fresh, `ETag: "a"`, "Last-Modified: Sun, 18 Oct 2026 07:00:00 GMT")
	same(t, []*gatewaytest.Client{leader, unknown}, 200, "0123456789")
	for _, a := range same(t, []*gatewaytest.Client{known, since}, 304, "") {
		if a.Header.Get("ETag") != `"a"` {
			t.Errorf("a 304 has ETag %q", a.Header.Get("ETag"))
		}
	}
	h.quiet()
}

// TestFollowersWithAuthorization shows that a follower does not get the leader's response when
// one of their requests has Authorization and the response does not say that it may be shared.
func TestFollowersWithAuthorization(t *testing.T) {
	for _, tc := range []struct{ name, leader, follower string }{
		{"the follower has it", "X-None: 1", "Authorization: Basic Zm9v"},
		{"the leader has it", "Authorization: Basic Zm9v", "X-None: 1"},
		{"both have it", "Authorization: Basic Zm9v", "Authorization: Basic YmFy"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := newHeld(t)
			g := h.gateway("on")
			leader := get(t, g, "/", tc.leader)
			q := h.next()
			follower := get(t, g, "/", tc.follower)
			h.respond(q, "the leader's", fresh)
			same(t, []*gatewaytest.Client{leader}, 200, "the leader's")
			h.respond(h.next(), "the follower's", fresh)
			same(t, []*gatewaytest.Client{follower}, 200, "the follower's")
		})
	}
}
