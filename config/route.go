package config

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"penstock/options"
)

// Route says which requests it matches and what happens to them. It has either Targets or a
// policy that responds itself. Of several matching routes the most specific one is used; the
// order in the file does not matter.
type Route struct {
	Hosts   []string // lower case, without port: "a.example" or "*.example"; nil means any
	Path    string   // as written; Pattern is its parsed form
	Pattern Pattern
	Methods []string // upper case, GET without HEAD; nil means any
	Match   Match

	Targets []Target // by weight; one entry unless the route splits; none when a policy responds

	// Weights are this route's own weights, by Backend.Address, for all of its
	// upstreams. Backends not named keep theirs; 0 takes one out; nil means none.
	Weights  map[string]int
	Retry    Retry
	Timeouts RouteTimeouts

	MaxBody  int64    // bytes of a request body (key limits.body), zero allows none; Unlimited for off
	Requests int      // in flight on the route (key limits.requests); zero means off
	Upgrades []string // protocols that may be tunnelled, lower case; nil means none
	Priority Priority // of its requests, while others wait
	Limited  bool     // its attempts count for Upstream.Concurrency (key concurrency)
	Finish   bool     // a request goes on when its client has left
	Trailers []string // trailer fields passed on both ways, as written; nil means none
	Paths    Paths    // what is done to paths that readers understand differently
	Cache    *Cache   // nil means that nothing is stored
	Policies []Policy // in the order of the table
}

// keys declares the keys of a route of the file c, including those of a table of policies.
// A route that responds itself prints no keys that only forwarding needs.
func (r *Route) keys(c *Config, policies []options.Policy) func(options.Keys) {
	return func(k options.Keys) {
		d, forwards := &draft{r, c}, r.Responds() == ""
		k.Add("path", r.path(), "", options.Means("required"))
		k.Names("host", &r.Hosts, "of hosts without port: exact or `\"*.example.com\"`", options.Checked(hostPattern),
			options.Quiet, options.Means("any"))
		k.Names("methods", &r.Methods, "of methods; `GET` does not stand for `HEAD`", options.Checked(methodName),
			options.Quiet, options.Means("any"))
		k.Section("match", r.Match.Keys, "all must hold", options.Means("none"))
		if forwards {
			k.Add("upstream", d.section(), "", options.Means("one of three"))
			k.Add("weights", &weights{d}, "the others keep theirs; 0 takes one out")
			if !k.Absent("retry") {
				k.Add("retry", r.Retry.section(), "", options.Means("on"))
			}
			k.Section("timeouts", r.Timeouts.keys(&c.Timeouts), "", options.Like("timeouts"))
		}
		r.policyKeys(k, policies)
		k.Section("limits", func(k options.Keys) {
			k.Size("body", &r.MaxBody, c.Limits.Body, "the body of one request; `off` allows any", options.Off)
			k.Add("requests", options.CountOf(&r.Requests, 0, options.Within(1, maxConnections), options.Off),
				"requests in flight on this route; above it 503 `route-full` with `Retry-After`", options.Means("`off`"))
		}, "", options.Like("limits"))
		if forwards {
			k.Names("upgrades", &r.Upgrades, "of protocols that may be tunnelled, or `off`", options.Checked(protocolName), options.Means("as `upgrades`"))
			k.Names("trailers", &r.Trailers, "of trailer fields that are passed on, both ways, or `off`", options.Checked(trailerName), options.Means("as `trailers`"))
		}
		if forwards {
			k.Add("priority", r.Priority.section(), "who waits less while no backend has room; [resilience.md](resilience.md#priorities)", options.Means("`normal`"))
			k.Switch("concurrency", &r.Limited, true, "`off`: its responses wait by design, such as long polls, and do not count for the upstream's `concurrency`", options.Quiet, options.Means("`on`"))
			k.Switch("finish", &r.Finish, false, "`on`: a request goes on when its client has closed the connection, or its own direction of it")
		}
		k.Section("paths", r.Paths.Keys, "what is not named is as in `paths`", options.Like("paths"))
		if forwards && !k.Absent("cache") {
			k.Add("cache", r.cache(c), "")
		}
		k.Later("use", "hedge", "query", "sticky_shares", "grpc", "forward_client_cert")
		k.Foreign(foreignRoute)
	}
}

// path declares `path`.
func (r *Route) path() *pathPhrase {
	return &pathPhrase{options.Phrase{
		Form: "`\"/a\"` exact; `\"/a/*\"` also takes `/a`; `\"/a/{id}\"` one segment by name; `\"/a/{rest:*}\"` the rest by name; at most 8 names",
		Read: func(s string) (wrong string) {
			if wrong := options.OneLine(s); wrong != "" {
				return wrong
			}
			if path, query, found := strings.Cut(s, "?"); found && strings.HasPrefix(path, "/") {
				return fmt.Sprintf("got %q, want a path without a query; a query is a condition of match: { %s }", s, queryMatch(query))
			}
			p, err := ParsePattern(s)
			if err != nil {
				return err.Error()
			}
			r.Path, r.Pattern = s, p
			return ""
		},
		Text:  func() (string, options.Style) { return r.Path, options.Quoted },
		Later: true,
		Texts: options.Shape{Pattern: "/.*"},
	}}
}

type pathPhrase struct{ options.Phrase }

// Wants returns the form that a message asks for in place of a list or a mapping.
func (*pathPhrase) Wants() string { return "one path; several paths are several routes" }

// queryMatch writes a query as the condition that it was meant to be.
func queryMatch(query string) string {
	name, value, _ := strings.Cut(query, "=")
	value, _, _ = strings.Cut(value, "&")
	return fmt.Sprintf("query: { %s: %q }", cmp.Or(name, "name"), value)
}

// RouteTimeouts are the final timeouts of one route; each means what the same field of Timeouts
// does. Zero means none.
type RouteTimeouts struct {
	Connect   time.Duration // never zero
	FirstByte time.Duration
	Request   time.Duration
	BodyIdle  time.Duration
	Body      time.Duration
	BodyRate  int64
}

// keys declares the keys of `timeouts` of a route, whose defaults are those of the
// file.
func (t *RouteTimeouts) keys(file *Timeouts) func(options.Keys) {
	return func(k options.Keys) {
		k.Duration("connect", &t.Connect, file.Connect, "TCP and TLS to a backend")
		k.Duration("first_byte", &t.FirstByte, file.FirstByte, "of one attempt, from the request sent to the response head", options.Off)
		k.Duration("request", &t.Request, file.Request, "everything until the response head goes to the client", options.Off)
		k.Duration("body_idle", &t.BodyIdle, file.BodyIdle, "no byte moved in a body, stream or tunnel", options.Off)
		k.Duration("body", &t.Body, file.Body, "a whole request body", options.Off)
		k.Flow("body_min_rate", &t.BodyRate, file.BodyRate, "the least that a client must send of a body, and take of one")
	}
}

// routes is the list of routes at the top of a file.
func (c *Config) routes(policies []options.Policy) *options.Sections {
	section := func(r *Route) *options.Section {
		return &options.Section{Keys: r.keys(c, policies), Check: func(at options.Report) { r.check(at, c, policies) }, Block: true}
	}
	var standard *Route // what each begins with; nil before the first
	return &options.Sections{
		Form:  "list of mappings, at least one",
		Want:  "a list of routes (- path: ...)",
		Empty: "got no route, want at least one",
		Clear: func() { c.Routes, standard = nil, nil },
		Add: func() *options.Section {
			if standard == nil {
				standard = c.DefaultRoute()
			}
			r := new(Route)
			*r = *standard
			c.Routes = append(c.Routes, r)
			return section(r)
		},
		Model: func() *options.Section { return section(c.DefaultRoute()) },
		All: func() []*options.Section {
			all := make([]*options.Section, len(c.Routes))
			for i, r := range c.Routes {
				all[i] = section(r)
			}
			return all
		},
	}
}
