package config

import (
	"regexp"
	"strings"
	"testing"

	"penstock/policy"
)

const shipped = "../config.yaml"

// TestShippedValuesAreTheDefaults holds the file to what its first lines promise.
func TestShippedValuesAreTheDefaults(t *testing.T) {
	c, want := mustParse(t, string(read(t, shipped))), Default()
	equal(t, "listen", c.Listen, want.Listen)
	equal(t, "admin", c.Admin, want.Admin)
	equal(t, "limits", c.Limits, want.Limits)
	equal(t, "timeouts", c.Timeouts, want.Timeouts)
	equal(t, "trusted_proxies", c.TrustedProxies, want.TrustedProxies)
	equal(t, "forwarded", c.Forwarded, want.Forwarded)
	equal(t, "underscores", c.Underscores, want.Underscores)
	equal(t, "upgrades", c.Upgrades, want.Upgrades)
	equal(t, "trailers", c.Trailers, want.Trailers)
	equal(t, "paths", c.Paths, want.Paths)
	equal(t, "cache", c.Cache, want.Cache)
	equal(t, "log", c.Log, want.Log)
	equal(t, "answers", c.Answers, want.Answers)
	equal(t, "warnings", c.Warnings, want.Warnings)

	u := DefaultUpstream()
	u.Name, u.Backends = "origins", c.Upstream("origins").Backends
	equal(t, "upstream", c.Upstream("origins"), u)
	equal(t, "retry of /*", c.Routes[0].Retry, DefaultRetry())
	equal(t, "cache of /pages/*", routeOf(c, "/pages/*").Cache, c.DefaultCache())
}

func TestShippedShowsEveryKey(t *testing.T) {
	text := string(read(t, shipped))
	for _, row := range Rows() {
		key := row.Path
		name := key[strings.LastIndexByte(key, '.')+1:]
		name = strings.TrimSuffix(name, "[]")
		if !regexp.MustCompile(`(^|[\s{,#])` + name + `:? `).MatchString(strings.ReplaceAll(text, "\n", " \n")) {
			t.Errorf("config.yaml shows no %s (%s)", name, key)
		}
	}
}

func TestShippedServesTheDemo(t *testing.T) {
	c := mustParse(t, string(read(t, shipped)))
	var addresses []string
	var weights []int
	for _, b := range c.Upstream("origins").Backends {
		addresses = append(addresses, b.Address())
		weights = append(weights, b.Weight)
	}
	equal(t, "backends", addresses, []string{"127.0.0.1:9101", "127.0.0.1:9102", "127.0.0.1:9103"})
	equal(t, "weights", weights, []int{5, 3, 1})

	routes := make(map[string]*Route)
	for _, r := range c.Routes {
		routes[r.Name()] = r
	}
	for _, name := range []string{"/*", "/even/*", "/flaky/*", "/pages/*", "/upload/*", "/download", "/events", "pages.localhost/{page}", "/old/{rest:*}", "/robots.txt"} {
		if routes[name] == nil {
			t.Errorf("no route %s", name)
		}
	}
	if t.Failed() {
		return
	}
	equal(t, "weights of /even/*", routes["/even/*"].Weights, map[string]int{"127.0.0.1:9101": 1, "127.0.0.1:9102": 1, "127.0.0.1:9103": 1})
	equal(t, "statuses of /flaky/*", routes["/flaky/*"].Retry.Statuses, Statuses{{First: 502, Last: 502}, {First: 503, Last: 503}})
	equal(t, "body of /upload/*", routes["/upload/*"].MaxBody, int64(Unlimited))
}

// The container moves the origins by environment; weights by address must follow.
func TestShippedFollowsTheEnvironment(t *testing.T) {
	env := func(name string) (string, bool) {
		value, set := map[string]string{"ORIGIN_A": "origin-a:9101", "PENSTOCK_ADMIN": "0.0.0.0:9901"}[name]
		return value, set
	}
	c, err := Parse("config.yaml", read(t, shipped), env, policy.Table()...)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "first backend", c.Upstream("origins").Backends[0].Address(), "origin-a:9101")
	equal(t, "its weight on /even/*", c.Routes[1].Weights["origin-a:9101"], 1)
	equal(t, "admin", c.Admin.Listen, "0.0.0.0:9901")
}
