package config

import (
	"strings"
	"testing"
)

func TestRouteName(t *testing.T) {
	for _, tc := range []struct{ route, want string }{
		{`path: "/api/*"`, "/api/*"},
		{`path: "/api/*", host: api.example.com`, "api.example.com/api/*"},
		{`path: "/*", host: [a.example, "*.b.example"]`, "a.example|*.b.example/*"},
		{`path: "/orders/{id}", methods: [POST]`, "POST /orders/{id}"},
		{`path: "/a", methods: [GET, HEAD], host: a.example`, "GET|HEAD a.example/a"},
		{`path: "/a", match: { header: { X-Beta: "yes" }, query: { debug: "" } }`, "/a [X-Beta=yes ?debug]"},
		{`path: "/a", match: { header: { B: "x y", A: "1" } }`, `/a [A=1 B="x y"]`},
		{`path: "/a", match: { query: { "a=b": "" } }`, `/a [?"a=b"]`},
	} {
		t.Run(tc.want, func(t *testing.T) {
			c := mustParse(t, "routes: [{ upstream: \"http://a:1\", "+tc.route+" }]")
			if got := c.Routes[0].Name(); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestRouteNamesAreUnique(t *testing.T) {
	files := append(testFiles(t, "*.good.yaml", 5), "../config.yaml")
	for _, name := range files {
		seen := make(map[string]bool)
		for _, r := range mustParse(t, string(read(t, name))).Routes {
			if seen[r.Name()] {
				t.Errorf("%s: two routes are called %q", name, r.Name())
			}
			seen[r.Name()] = true
		}
	}
}

func TestSecretConditionsStayApartByName(t *testing.T) {
	c := mustParse(t, `
routes:
  - { path: "/", match: { header: { X-Api-Key: one } }, upstream: "http://a:1" }
  - { path: "/", match: { header: { X-Api-Key: two } }, upstream: "http://a:1" }`)
	a, b := c.Routes[0].Name(), c.Routes[1].Name()
	if a == b || !strings.HasPrefix(a, "/ [X-Api-Key=#") {
		t.Errorf("got %q and %q, want two names with a hash", a, b)
	}
}
