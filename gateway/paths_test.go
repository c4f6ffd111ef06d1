package gateway_test

import (
	"strings"
	"testing"

	"penstock/gateway/gatewaytest"
)

// telling starts an origin that responds with the name that the route gave the request and
// the target that arrived: "name /target".
func telling(t testing.TB) *gatewaytest.Origin {
	return gatewaytest.NewOrigin(t, func(p *gatewaytest.Peer) {
		for {
			head, err := p.Head()
			if err != nil {
				return
			}
			_, name, _ := strings.Cut(head, "\r\nX-Route: ")
			name, _, _ = strings.Cut(name, "\r\n")
			if _, err := p.Write([]byte(gatewaytest.OK(name + " " + strings.Fields(head)[1]))); err != nil {
				return
			}
		}
	})
}

// namedRoute is one route to a telling origin.
func namedRoute(url, name, path, more string) string {
	return "  - { path: \"" + path + "\", upstream: \"" + url + "\", headers: { request: { set: { X-Route: " + name + " } } }" + more + " }\n"
}

// visit sends one path and returns the response of the origin, or the name of the refusal.
func visit(t testing.TB, c **gatewaytest.Client, address, target string) string {
	t.Helper()
	if *c == nil {
		*c = gatewaytest.Dial(t, address)
	}
	(*c).Send("GET " + target + " HTTP/1.1\r\nHost: a\r\nAccept: application/json\r\n\r\n")
	a := (*c).Read("GET")
	if a.Close {
		_ = (*c).Close()
		*c = nil
	}
	if a.StatusCode == 200 {
		return a.Text
	}
	_, reason, _ := strings.Cut(a.Text, `"reason":"`)
	reason, _, _ = strings.Cut(reason, `"`)
	return reason
}

// pathRules are rules with targets and what happens to them.
var pathRules = []struct {
	rules string
	want  map[string]string // target to what happens
}{
	{"{}", map[string]string{
		"/a/b":                     "all /a/b",
		"/a%2Fb":                   "path-refused",
		"/a%2fb?x=%2f":             "path-refused",
		`/a\b`:                     "path-refused",
		"/a%5Cb":                   "path-refused",
		"/a%00b":                   "path-refused",
		"/a/..;/b":                 "path-refused",
		"/a%zz":                    "bad-target",
		"/a%252Fb":                 "all /a%252Fb",
		"/a//b":                    "all /a//b",
		"/a/./b/../c?q=/../x":      "all /a/c?q=/../x",
		"/%61%2D?":                 "all /%61%2D?",
		"/x/%2e%2e/admin/y":        "admin /admin/y",
		"//admin/x":                "path-refused",
		"/admin//x":                "admin /admin//x",
		"/%61dmin/x":               "admin /%61dmin/x",
		"/%40me":                   "me /%40me",
		"/@me":                     "me /@me",
		"http://a/x/../admin?y":    "admin /admin?y",
		"http://a//x":              "all //x",
		"/x/..//admin/":            "path-refused",
		"/" + `"admin"` + "/../x/": "all /x/",
	}},
	{"{ encoded_slash: keep, backslash: keep }", map[string]string{
		"/a%2fb":            "all /a%2fb",
		`/a\b%5cc`:          `all /a\b%5cc`,
		"/admin%2Fx":        "path-refused",
		"/%61dmin%5cx":      "path-refused",
		"/admin/a%2Fb":      "admin /admin/a%2Fb",
		"/x%2F..%2Fadmin":   "path-refused",
		"/x%2F../admin":     "path-refused",
		"/a%2fb/../c":       "all /c",
		"/files/a%2Fb":      "file /files/a%2Fb",
		"/files/a%2Fb/c":    "all /files/a%2Fb/c",
		"/files/..%2Fadmin": "path-refused",
		`/\admin`:           "path-refused",
	}},
	{"{ encoded_slash: decode, backslash: slash }", map[string]string{
		"/a%2fb?c%2fd":      "all /a/b?c%2fd",
		`/a\b%5Cc`:          "all /a/b/c",
		"/admin%2Fx":        "admin /admin/x",
		"/x%2f..%2fadmin/y": "admin /admin/y",
		"/%2fadmin":         "path-refused",
	}},
	{"{ double_slash: merge }", map[string]string{
		"//admin///x": "admin /admin/x",
		"/a//../b":    "all /b",
		"/a/b/":       "all /a/b/",
		"/a//?b//c":   "all /a/?b//c",
	}},
	{"{ double_slash: reject, double_encoding: reject, dot_segments: reject }", map[string]string{
		"/a//b":       "path-refused",
		"/a%2541":     "path-refused",
		"/100%25":     "all /100%25",
		"/a/../b":     "path-refused",
		"/a/%2e":      "path-refused",
		"/a/...":      "all /a/...",
		"/a/b?c/../d": "all /a/b?c/../d",
	}},
}

func TestPathRules(t *testing.T) {
	origin := telling(t)
	for _, tc := range pathRules {
		t.Run(tc.rules, func(t *testing.T) {
			g := gatewaytest.Start(t, "paths: "+tc.rules+"\nroutes:\n"+namedRoute(origin.URL, "all", "/*", "")+
				namedRoute(origin.URL, "admin", "/admin/*", "")+namedRoute(origin.URL, "me", "/@me", "")+
				namedRoute(origin.URL, "file", "/files/{name}", ""))
			var c *gatewaytest.Client
			for target, want := range tc.want {
				if got := visit(t, &c, g.Address, target); got != want {
					t.Errorf("%s: got %q, want %q", target, got, want)
				}
			}
		})
	}
}

// A route's own rules apply to what leads to it, and never lead away from it.
func TestPathRulesOfARoute(t *testing.T) {
	origin := telling(t)
	config := func(top string) string {
		return top + "routes:\n" + namedRoute(origin.URL, "all", "/*", "") +
			namedRoute(origin.URL, "git", "/git/*", ", paths: { encoded_slash: decode, double_slash: merge }") +
			namedRoute(origin.URL, "raw", "/raw/*", ", paths: { encoded_slash: keep, double_slash: keep }") +
			namedRoute(origin.URL, "loose", "/loose/*", ", paths: { encoded_slash: decode, dot_segments: reject }")
	}
	g := gatewaytest.Start(t, config(""))
	check := func(want map[string]string) {
		t.Helper()
		var c *gatewaytest.Client
		for target, want := range want {
			if got := visit(t, &c, g.Address, target); got != want {
				t.Errorf("%s: got %q, want %q", target, got, want)
			}
		}
	}
	check(map[string]string{
		"/git/a%2Fb":           "git /git/a/b",
		"/git//a":              "git /git/a",
		"/git%2Fa":             "path-refused", // leads to /*, which refuses it
		"/git/x%2F..%2F..%2Fr": "path-refused",
		"/git/..%2Fraw/x":      "path-refused",
		"/raw/a%2fb":           "raw /raw/a%2fb",
		"/raw//x":              "raw /raw//x",
		"/a%2Fb":               "path-refused",
		"/loose/a%2Fb":         "loose /loose/a/b",
		"/loose/./x":           "path-refused",
		"/loose/../raw/x":      "raw /raw/x",
	})
	if err := g.Reload(gatewaytest.Parse(t, config("paths: { encoded_slash: decode, double_slash: merge }\n"))); err != nil {
		t.Fatal(err)
	}
	check(map[string]string{
		"/git%2Fa":         "git /git/a",
		"//git//a":         "git /git/a",
		"/raw%2fa%2fb":     "path-refused", // by its own rules it does not lead there
		"/raw/a%2Fb":       "raw /raw/a%2Fb",
		"//raw/x":          "path-refused",
		"/x%2F..%2Fgit/a":  "git /git/a",
		"/git/..%2Fraw%2F": "path-refused",
		"/a%2Fb//c":        "all /a/b/c",
	})
}

// A rewrite gets the path as the rules of its route have changed it.
func TestPathRulesBeforeARewrite(t *testing.T) {
	origin := telling(t)
	g := gatewaytest.Start(t, "routes:\n"+namedRoute(origin.URL, "v2", "/api/{rest:*}", ", rewrite: \"/v2/{rest}\", paths: { encoded_slash: decode, double_slash: merge }")+
		namedRoute(origin.URL, "cut", "/cut/*", ", strip_prefix: /cut, paths: { encoded_slash: keep }"))
	var c *gatewaytest.Client
	for target, want := range map[string]string{
		"/api/a%2Fb//c?d": "v2 /v2/a/b/c?d",
		"/cut/a%2fb":      "cut /a%2Fb",
	} {
		if got := visit(t, &c, g.Address, target); got != want {
			t.Errorf("%s: got %q, want %q", target, got, want)
		}
	}
}
