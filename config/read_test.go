package config

import (
	"fmt"
	"log/slog"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"penstock/options"
	"penstock/policy"
)

// equal compares by value and names what differs.
func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

func fileConfig(t *testing.T, name string) *Config {
	t.Helper()
	return mustParse(t, string(read(t, "testdata/"+name)))
}

func TestDefaults(t *testing.T) {
	c := fileConfig(t, "minimal.good.yaml")
	want := Default()
	want.Upstreams = []*Upstream{inlineUpstream("http://localhost:3000")}
	r := want.DefaultRoute()
	r.Path, r.Pattern = "/*", Pattern{{Kind: Rest}}
	r.Targets = []Target{{Upstream: "http://localhost:3000", Weight: 1}}
	want.Routes = []*Route{r}
	want.written = c.written
	equal(t, "the smallest file", c, want)
}

// inlineUpstream is what a route's URLs become.
func inlineUpstream(urls ...string) *Upstream {
	u := DefaultUpstream()
	u.Name, u.Inline = strings.Join(urls, ","), true
	for _, s := range urls {
		b, _ := parseBackend(s)
		u.Backends = append(u.Backends, b)
	}
	return u
}

func TestDefaultsAreNotShared(t *testing.T) {
	a, b := Default(), Default()
	a.Upgrades[0], a.Log.Access.File = "changed", "changed"
	if b.Upgrades[0] != "websocket" || b.Log.Access.File != "stdout" {
		t.Error("one Default changes with another")
	}
}

func TestLongForms(t *testing.T) {
	c := fileConfig(t, "full.good.yaml")
	equal(t, "listen", c.Listen, []string{"127.0.0.1:8081", "[::1]:8081", "unix:/run/penstock.sock"})
	equal(t, "admin", c.Admin, Admin{Listen: "unix:/run/admin.sock", Token: "s3cret"})
	equal(t, "limits", c.Limits, Limits{
		Connections: 100, PerIP: 20, Requests: 50, Body: 1 << 30,
		Queue:       Queue{Size: 50, Wait: time.Second, Fair: Fair{Header: "x-api-key"}},
		HeaderBytes: 64 * kib, Headers: 100, URI: 8 * kib, RequestsPerConnection: 1000, AcceptRate: 500,
	})
	equal(t, "timeouts", c.Timeouts, Timeouts{
		Header: 5 * time.Second, Connect: 2 * time.Second, Request: 90 * time.Second, BodyIdle: 1500 * time.Millisecond, BodyRate: kib, Idle: 10 * time.Second,
		Drain: Drain{Delay: 5 * time.Second, Deadline: time.Hour},
	})
	equal(t, "trusted_proxies", c.TrustedProxies, []netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8"), netip.MustParsePrefix("192.0.2.1/32"),
	})
	equal(t, "forwarded", c.Forwarded, true)
	equal(t, "underscores", c.Underscores, UnderscoresKeep)
	equal(t, "upgrades", c.Upgrades, []string{"websocket", "mqtt"})
	equal(t, "trailers", c.Trailers, []string{"Server-Timing", "grpc-status"})
	equal(t, "paths", c.Paths, Paths{EncodedSlash: Keep, Backslash: Slash, DoubleEncoding: Reject, DotSegments: Reject, DoubleSlash: Merge})
	equal(t, "log", c.Log, Log{Level: slog.LevelDebug, Access: &Access{
		File: "/var/log/access.log", Format: Text, Sample: 0.005,
		Always: Always{Statuses: Statuses{{First: 404, Last: 404}}, SlowerThan: 2 * time.Second},
	}})
	equal(t, "answers", c.Answers, AddedFields{RateLimit: RateLimitRefused})
}

func TestLongUpstream(t *testing.T) {
	c := fileConfig(t, "full.good.yaml")
	equal(t, "api", c.Upstream("api"), &Upstream{
		Name:    "api",
		Balance: Balance{Method: Hash, HashOn: HashHeader, HashName: "X-Tenant", Bound: 1.5},
		Backends: []Backend{
			{Scheme: HTTP, Host: "10.0.0.1", Port: "8080", Weight: 5},
			{Scheme: HTTPS, Host: "api.internal", Port: "443"},
			{Scheme: Unix, Socket: "/run/app.sock", Weight: 1, Backup: true},
			{Scheme: HTTP, Host: "2001:db8::1", Port: "80", Weight: 1},
		},
		Host:        HostPolicy{Mode: HostFixed, Name: "api.example:8443"},
		Pool:        Pool{Max: 10, Tunnels: 0.125, Slow: 0.25, Idle: 5, IdleTimeout: time.Second, QueueTimeout: time.Second},
		Concurrency: Concurrency{Mode: LimitAuto, Min: 2, Max: 8, Headroom: 0.25},
		Queue:       Share{Off: true},
		RetryBudget: RetryBudget{Ratio: 0.125, Floor: 0.5},
		Eject: Eject{
			Failures: 3, Errors: 0.3, Min: 7, Within: time.Minute, When: Statuses{{First: 500, Last: 500}, {First: 502, Last: 504}},
			Silent: time.Second, Slow: 2.5, Base: 2 * time.Second, Max: 4 * time.Second, AtMost: 1,
		},
		Panic: 0.5,
		DNS:   DNS{Refresh: time.Minute},
		TLS:   TLS{Name: "sni.example", Insecure: true},
	})
	spare := c.Upstream("spare")
	equal(t, "retry_budget: off", spare.RetryBudget, RetryBudget{Off: true})
	equal(t, "eject: off", spare.Eject, Eject{})
	equal(t, "host: upstream", spare.Host, HostPolicy{Mode: HostUpstream})
	equal(t, "concurrency: 16", spare.Concurrency, Concurrency{Mode: LimitFixed, Min: 4, Max: 16, Headroom: 0.5})
	equal(t, "queue", spare.Queue, Share{Size: 20, Wait: 100 * time.Millisecond})
	equal(t, "the rest of queue", Share{Size: 20}.Of(&c.Limits.Queue), Share{Size: 20, Wait: time.Second})
	equal(t, "balance: p2c", spare.Balance, Balance{Method: P2C})
	equal(t, "unknown upstream", c.Upstream("nobody"), (*Upstream)(nil))
}

func TestLongRoute(t *testing.T) {
	r := fileConfig(t, "full.good.yaml").Routes[0]
	equal(t, "orders", r, &Route{
		Hosts:    []string{"api.example.com", "*.example.org"},
		Path:     "/orders/{id}/*",
		Pattern:  Pattern{{Literal, "orders"}, {Param, "id"}, {Kind: Rest}},
		Methods:  []string{"GET", "POST"},
		Match:    Match{Header: map[string]string{"X-Beta": "yes", "X-Any": ""}, Query: map[string]string{"debug": "", "page": "2"}},
		Targets:  []Target{{"api", 95}, {"spare", 5}, {"http://inline:1", 0}},
		Weights:  map[string]int{"10.0.0.1:8080": 1, "api.internal:443": 7},
		Timeouts: RouteTimeouts{Connect: 3 * time.Second, FirstByte: 4 * time.Second, BodyIdle: 5 * time.Second, BodyRate: kib},
		Retry: Retry{
			Times: 3, Timeout: true, Statuses: Statuses{{First: 502, Last: 502}, {First: 500, Last: 599}, {First: 500, Last: 504}},
			Backoff: Backoff{10 * time.Millisecond, 20 * time.Millisecond},
			Methods: []string{"GET", "POST"}, Need: "Idempotency-Key",
		},
		Policies: r.Policies,
		MaxBody:  Unlimited,
		Requests: 7,
		Priority: Priority{Class: PriorityLow, Header: "X-Priority"},
		Paths:    Paths{EncodedSlash: Decode, Backslash: Slash, DoubleEncoding: Reject, DotSegments: Reject, DoubleSlash: Reject},
	})
	equal(t, "rewrite", policyOf[*policy.Rewrite](t, r).Path, "/v2/{id}")
	edits := policyOf[*policy.Headers](t, r)
	equal(t, "headers.request", edits.Request, policy.Edits{
		Set: []options.Field{{Name: "X-Edge", Value: "penstock"}}, Add: []options.Field{{Name: "X-Tag", Value: "a"}, {Name: "X-Tag", Value: "b"}}, Remove: []string{"X-Debug"},
	})
	equal(t, "headers.response", edits.Response, policy.Edits{Set: []options.Field{{Name: "X-Frame-Options", Value: "DENY"}}, Remove: []string{"X-Powered-By"}})
}

// policyOf returns the policy of that type.
func policyOf[T any](t *testing.T, r *Route) T {
	t.Helper()
	for _, p := range r.Policies {
		if v, ok := p.Value.(T); ok {
			return v
		}
	}
	t.Fatalf("%s has no %T: %v", r.Path, *new(T), r.Policies)
	return *new(T)
}

func TestRoutesTakeTheDefaultsOfTheFile(t *testing.T) {
	c := fileConfig(t, "full.good.yaml")
	r := c.Routes[1]
	equal(t, "timeouts", r.Timeouts, RouteTimeouts{Connect: 2 * time.Second, Request: 90 * time.Second, BodyIdle: 1500 * time.Millisecond, BodyRate: kib})
	equal(t, "body", r.MaxBody, int64(1<<30))
	equal(t, "upgrades", r.Upgrades, []string{"websocket", "mqtt"})
	equal(t, "trailers", r.Trailers, []string{"Server-Timing", "grpc-status"})
	equal(t, "paths", r.Paths, c.Paths)
	equal(t, "strip_prefix", policyOf[*policy.StripPrefix](t, r).Prefix, "/api/v1")
	equal(t, "retry: off", r.Retry, Retry{})
}

func TestAnswers(t *testing.T) {
	c := fileConfig(t, "full.good.yaml")
	redirect := policyOf[*policy.Redirect](t, routeOf(c, "/old/{rest:*}"))
	equal(t, "redirect", []any{redirect.To, redirect.Code}, []any{"https://new.example/{rest}?from=old", 301})
	respond := policyOf[*policy.Respond](t, routeOf(c, "/robots.txt"))
	equal(t, "respond", []any{respond.Status, respond.Body}, []any{404, "no ${robots}\n"})
	equal(t, "respond.headers", respond.Fields, []options.Field{{Name: "Content-Type", Value: "text/plain"}, {Name: "Link", Value: "a"}, {Name: "Link", Value: "b"}})
	if r := routeOf(c, "/robots.txt"); r.Targets != nil || r.Upgrades != nil || r.Trailers != nil || r.Retry.Times != 0 {
		t.Errorf("a fixed answer keeps what only forwarding needs: %+v", r)
	}
}

// routeOf returns the route of that path.
func routeOf(c *Config, path string) *Route {
	return c.Routes[slices.IndexFunc(c.Routes, func(r *Route) bool { return r.Path == path })]
}

func TestShortForms(t *testing.T) {
	c := fileConfig(t, "short.good.yaml")
	equal(t, "listen", c.Listen, []string{":0"})
	equal(t, "admin", c.Admin, Admin{})
	equal(t, "trusted_proxies", c.TrustedProxies, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")})
	equal(t, "upgrades", c.Upgrades, []string(nil))
	equal(t, "access", c.Log.Access.File, "/var/log/penstock.log")
	equal(t, "third", c.Upstream("third").Balance, Balance{Method: LeastConn})
	equal(t, "assets", len(c.Upstream("assets").Backends), 2)

	names := make([]string, len(c.Upstreams))
	for i, u := range c.Upstreams {
		names[i] = u.Name
	}
	equal(t, "upstreams", names, []string{"web", "assets", "third", "http://localhost:3000", "http://a:80,https://b:443"})

	routes := make(map[string]*Route)
	for _, r := range c.Routes {
		routes[r.Path] = r
	}
	equal(t, "retry: 3", routes["/assets/*"].Retry.Times, 3)
	equal(t, "retry: on", routes["/inlines"].Retry, DefaultRetry())
	equal(t, "equal URLs are one upstream", routes["/again"].Targets, routes["/inline"].Targets)
	equal(t, "backoff: off", routes["/again"].Retry.Backoff, Backoff{})
	equal(t, "when: connect", routes["/again"].Retry.Reset, false)
	redirect := policyOf[*policy.Redirect](t, routes["/new"])
	equal(t, "redirect", []any{redirect.To, redirect.Code}, []any{"/there", 308})
	equal(t, "respond", policyOf[*policy.Respond](t, routes["/gone"]).Status, 410)
}

func TestMerge(t *testing.T) {
	c := fileConfig(t, "merge.good.yaml")
	b := c.Upstream("b")
	equal(t, "own key beats the merged one", b.Backends[0].Host, "b")
	equal(t, "merged host", b.Host, HostPolicy{Mode: HostUpstream})
	pool := c.Upstream("c").Pool
	equal(t, "own, first merged, second merged", []int{pool.Max, pool.Idle, pool.Queue}, []int{4, 2, 1})
	equal(t, "an aliased list", c.Routes[1].Methods, []string{"GET", "HEAD"})
	equal(t, "an aliased mapping", c.Routes[1].Retry, c.Routes[0].Retry)
	equal(t, "an aliased value", policyOf[*policy.Headers](t, c.Routes[2]).Request.Set, []options.Field{{Name: "X-Method", Value: "HEAD"}})
}

func TestAliasesAreBounded(t *testing.T) {
	text := "routes:\n  - { path: \"/*\", upstream: \"http://a:1\", methods: [&m GET" + strings.Repeat(", *m", maxAliases+1) + "] }"
	_, err := Parse("config.yaml", []byte(text), nil, policy.Table()...)
	if got, want := fmt.Sprint(err), "config.yaml:1:1: follows more than 1000 aliases; write some of them out"; got != want {
		t.Errorf("got %.200s, want %s", got, want)
	}
}

func TestIdleFollowsMax(t *testing.T) {
	c := mustParse(t, `
upstreams: { a: { backends: ["http://a:1"], pool: { max: 10 } } }
routes: [{ path: "/*", upstream: a }]`)
	equal(t, "idle", c.Upstream("a").Pool.Idle, 10)
}

func TestURIFollowsHeaderBytes(t *testing.T) {
	c := mustParse(t, `
limits: { header_bytes: 4KiB }
routes: [{ path: "/*", upstream: "http://a:1" }]`)
	equal(t, "uri", c.Limits.URI, 4*kib)
}

func TestRateLimits(t *testing.T) {
	c := fileConfig(t, "full.good.yaml")
	general := c.Policies[0].Value.(*policy.RateLimits)
	equal(t, "of all routes", []any{general.Limits[0].Name, general.Limits[0].Burst, len(general.Limits)}, []any{"everybody", 5000, 1})
	own := policyOf[*policy.RateLimits](t, c.Routes[0]).Limits
	equal(t, "the short form", []any{own[0].Rate.String(), own[0].Burst, own[0].Name, own[0].Keys, own[0].Origin}, []any{"10/s", 10, "default", 65_536, false})
	equal(t, "the long form", []any{own[1].Rate.String(), own[1].Burst, own[1].Name, own[1].Keys, own[1].Origin}, []any{"600/m", 20, "tenant", 1000, true})
	for i, r := range c.Routes {
		at := slices.IndexFunc(r.Policies, func(p Policy) bool { return p.Name == "rate_limit" })
		if at < 0 || r.Policies[at].General != options.Declarer(general) {
			t.Errorf("route %d does not know the limits of all routes: %+v", i, r.Policies)
		}
		if respond := slices.IndexFunc(r.Policies, func(p Policy) bool { return p.Name == "respond" }); respond >= 0 && respond < at {
			t.Errorf("route %d responds before its limits are asked", i)
		}
	}
	for text, want := range map[string]int{"1.5/s": 1, "30/m": 1, "120/m": 2, "7200/h": 2, "1000000/s": 1_000_000} {
		c := mustParse(t, `routes: [{ path: "/*", respond: 200, rate_limit: `+text+` }]`)
		if got := policyOf[*policy.RateLimits](t, c.Routes[0]).Limits[0].Burst; got != want {
			t.Errorf("%s: a burst of %d, want one second of the rate, %d", text, got, want)
		}
	}
}

func TestLimitsByAddressWithoutTrustedProxies(t *testing.T) {
	const route = `routes: [{ path: "/a", respond: 200, rate_limit: 1/s }, { path: "/b", respond: 200, rate_limit: 1/s }]`
	const wrong = "counts by the address of the peer, because trusted_proxies lists none; if a proxy forwards to this one, all its clients count as one"
	equal(t, "one warning", mustParse(t, route).Warnings, []string{"config.yaml:1:50: routes[0].rate_limit: " + wrong})
	equal(t, "of all routes", mustParse(t, "rate_limit: 1/s\n"+route).Warnings[0], "config.yaml:1:13: rate_limit: "+wrong)
	equal(t, "with a proxy", mustParse(t, "trusted_proxies: 10.0.0.1\n"+route).Warnings, []string(nil))
	equal(t, "by something else", mustParse(t, `routes: [{ path: "/a", respond: 200, rate_limit: { rate: 1/s, per: header X-Key } }]`).Warnings, []string(nil))
}

func TestWarnings(t *testing.T) {
	c := mustParse(t, `
admin: "0.0.0.0:9901"
upstreams:
  used: { backends: ["https://a:1"], tls: { insecure: on } }
  spare: "http://b:1"
routes: [{ path: "/*", upstream: used }]`)
	want := []string{
		"config.yaml:4:55: upstreams.used.tls.insecure: the backends' certificates are not verified",
		"config.yaml:5:10: upstreams.spare: no route uses it",
		`config.yaml:2:8: admin: "0.0.0.0:9901" is not loopback and there is no token: only health and metrics are served there`,
	}
	slices.Sort(want)
	got := slices.Sorted(slices.Values(c.Warnings))
	equal(t, "warnings", got, want)
}

// In nginx and Traefik a path that ends with a slash takes all that is below it.
func TestWarningsOfPathsThatTakeNothingBelow(t *testing.T) {
	c := mustParse(t, `
routes:
  - { path: "/api/", upstream: "http://a:1" }
  - { path: "/b/", upstream: "http://a:1" }
  - { path: "/b/*", upstream: "http://b:1" }
  - { path: "/c/", respond: 200 }
  - { path: "/d", upstream: "http://a:1" }`)
	equal(t, "warnings", c.Warnings, []string{`config.yaml:3:13: routes[0].path: takes "/api/" alone; write "/api/*" for all that is below it`})
}

// Text that has a meaning in configurations of other gateways is accepted with a warning.
func TestWarningsOfForeignHabits(t *testing.T) {
	c := mustParse(t, `
routes:
  - path: "/*"
    upstream: "http://a:1"
    headers: { request: { set: { X-Real-IP: $remote_addr, X-Price: "$5" }, remove: [X-B, "X-*"] } }
  - { path: "/a", respond: { headers: { X-Host: "$host" } } }
  - { path: "/b", redirect: "https://b.example$request_uri" }
  - { path: "/c", upstream: "http://a:1", rewrite: "/d$uri" }`)
	equal(t, "warnings", c.Warnings, []string{
		"config.yaml:5:45: routes[0].headers.request.set.X-Real-IP: is sent as it is written: a value has no variables such as $remote_addr",
		`config.yaml:5:90: routes[0].headers.request.remove[1]: "X-*" is the name of one field: a star matches nothing else`,
		"config.yaml:6:49: routes[1].respond.headers.X-Host: is sent as it is written: a value has no variables such as $remote_addr",
		"config.yaml:7:29: routes[2].redirect: has no variables such as $uri; the names of path are written {name}",
		"config.yaml:8:52: routes[3].rewrite: has no variables such as $uri; the names of path are written {name}",
	})
}
