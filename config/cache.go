package config

import (
	"fmt"
	"strings"
	"time"

	"penstock/options"
)

// Cache is how one route's responses are stored and reused. Route.Cache is nil
// when they are not. A lifetime that the response states is obeyed unless Force. TTL is only for
// the statuses that RFC 9110 §15.1 lets caches keep: 200, 203, 204, 300, 301, 308, 404, 405, 410,
// 414 and 501; Heuristic is for these and for responses that say public. ByStatus is for any
// status.
type Cache struct {
	TTL      time.Duration // lifetime of responses that state none; zero means none
	ByStatus []StatusTTL   // TTL by status, narrower ranges first: the first match wins; TTL counts for statuses in none

	Stale            time.Duration // stale-while-revalidate of responses that name none (RFC 5861 §3); zero means none
	StaleUnreachable time.Duration // how long stale ones that name no stale-if-error serve while no backend responds; zero means not at all
	StaleServerError time.Duration // how long they serve in place of a 500, 502, 503 or 504 (RFC 5861 §4); zero means not at all

	Query   CacheQuery // which query keys are part of the key
	Headers []string   // request fields that are part of the key, as written; nil means none
	Cookies []string   // cookies that are part of the key; their case counts; nil means none

	Force          bool     // TTL and ByStatus beat what the response says of its lifetime
	Heuristic      bool     // a lifetime from Last-Modified where none is stated (RFC 9111 §4.2.2)
	MaxVariants    int      // responses kept side by side for one key by Vary, at least 1
	MaxObject      int64    // bytes of the largest body that is stored, at most Store.MaxObject
	Tags           string   // response field that lists tags to purge by, as written; empty means none
	Methods        []string // of GET, HEAD and POST; at least one. The response to a POST is stored only as RFC 9110 §9.3.3 allows
	ClientControl  bool     // obey Cache-Control and Pragma of requests (RFC 9111 §5.2.1)
	StoreSetCookie bool     // store responses with Set-Cookie though they do not say public

	// Targets are the response fields that replace Cache-Control here, the first
	// one present wins (RFC 9213 §2.2). Empty means none; Parse never leaves it nil, because
	// package httpcache takes nil for its own default.
	Targets []string
}

const (
	maxVariants = 1000

	staleUnreachable = 10 * time.Minute // of Cache, unless it says otherwise
)

// cache declares `cache` of a route: `on`, `off`, a duration for `ttl`, or a mapping.
// While the route has none the keys are those of a spare one, which nothing reads.
func (r *Route) cache(c *Config) *options.Section {
	const want = "on, off, a duration such as 60s for responses that state no lifetime, or a mapping"
	return &options.Section{
		Form:    "`on`, `off`, a duration for `ttl`, or a mapping",
		Want:    want,
		Block:   true,
		Default: func() { r.Cache = nil },
		Begin:   func(bool) { r.Cache = c.DefaultCache() },
		Keys: func(k options.Keys) {
			known := r.Cache
			if known == nil {
				known = c.DefaultCache()
			}
			k.Itself(&options.Phrase{
				Form: "`on`, `off` or a duration",
				Read: func(s string) (wrong string) {
					switch {
					case options.IsOff(s):
						r.Cache = nil
					case options.IsOn(s):
					case strings.ContainsAny(s, "0123456789"):
						return options.DurationOf(&known.TTL, 0).Set(s)
					default:
						return fmt.Sprintf("got %q, want %s", s, want)
					}
					return ""
				},
				Text: func() (string, options.Style) {
					if r.Cache == nil {
						return "off", options.Plain
					}
					return "", options.Absent
				},
				Texts: options.Shape{Pattern: options.DurationPattern, On: true, Off: true},
			})
			known.keys(k, c)
		},
	}
}

// keys declares the keys of `cache` of a route.
func (c *Cache) keys(k options.Keys, file *Config) {
	k.Duration("ttl", &c.TTL, 0, "lifetime of responses that state none", options.Off)
	k.Add("by_status", &byStatus{c}, "with `off` they are not kept at all, whatever they say. The narrower of two ranges wins: `{ 5xx: off, 503: 1s }`")
	k.Duration("stale", &c.Stale, 0, "how long a stale response still serves while it is fetched anew, where it has no "+
		"`stale-while-revalidate`", options.Off)
	k.Add("stale_on_error", c.staleOnError(), "how long a stale response serves where it has no `stale-if-error`. `on`: 10m while no backend "+
		"can be reached or the connection breaks; a duration: that long, and also in place of a 5xx response; `off`: not at all")
	k.Section("key", c.keyKeys, "what selects a stored response, beside scheme, host and path")
	k.Switch("force", &c.Force, false, "`ttl` and `by_status` beat the lifetime that responses state. Still never kept: `private`, "+
		"`no-store`, `Vary: *`, and what cookies or `Authorization` forbid")
	k.Switch("heuristic", &c.Heuristic, true,
		"where nothing is stated, a tenth of the age of `Last-Modified`, at most 24h (RFC 9111 section 4.2.2)")
	k.Section("vary", func(k options.Keys) {
		k.Count("max", &c.MaxVariants, 8, "variants of one URL by `Vary`", options.Within(1, maxVariants))
	}, "")
	k.Size("max_object", &c.MaxObject, file.Cache.MaxObject, "at most `cache.max_object`",
		options.Within(1, maxObject), options.Means("as `cache.max_object`"))
	k.Text("tags", &c.Tags, "name of the response field that lists names to purge by, such as `Surrogate-Key`",
		options.Off, options.Checked(tagsField))
	k.Names("methods", &c.Methods, "of `GET`, `HEAD` and `POST`. The response to a POST is kept only if its `Content-Location` is the URL "+
		"itself, for later GETs", options.Checked(cacheMethod), options.Default(cacheMethods()...))
	k.Add("client_control", options.OneOf(&c.ClientControl, []string{"ignore", "honor"}, []bool{false, true}),
		"with `honor` `Cache-Control` and `Pragma` of requests count, so that clients can send load to the backends")
	k.Switch("store_set_cookie", &c.StoreSetCookie, false, "keep responses with `Set-Cookie` that do not say `public`, cookie and all")
	k.Add("targets", &cacheTargets{options.NamesOf(&c.Targets, options.Checked(targetName), options.Default("CDN-Cache-Control")), c},
		"of response fields that replace `Cache-Control` and `Expires` here, the first one there wins (RFC 9213); or `off`")
	k.Later("bypass", "shared")
}

// cacheTargets is the list of targeted fields. Written as empty it is not nil, which
// the rules of caching take for the default.
type cacheTargets struct {
	options.List
	c *Cache
}

// Clear makes the list empty but not nil.
func (t *cacheTargets) Clear() {
	t.List.Clear()
	t.c.Targets = []string{}
}

// tagsField judges the name of the response field that lists tags.
func tagsField(s string) (shaped, wrong string) {
	if !options.Token(s) {
		wrong = "want the name of a response field, such as Surrogate-Key"
	}
	return s, wrong
}

// keyKeys declares the keys of `cache.key`.
func (c *Cache) keyKeys(k options.Keys) {
	k.Add("query", c.Query.section(), "what does not count is not sent to the backend either")
	k.Names("headers", &c.Headers, "of request fields that count although `Vary` does not name them", options.Checked(keyField))
	k.Names("cookies", &c.Cookies, "of cookies that count", options.Checked(cookieName), options.CaseCounts)
	k.Later("identity")
}

// staleOnError declares one time for both failures; the default, `on`, is another
// for each.
func (c *Cache) staleOnError() *options.Phrase {
	reset := func() { c.StaleUnreachable, c.StaleServerError = staleUnreachable, 0 }
	return &options.Phrase{
		Form:    "`on`, `off` or a duration",
		Default: reset,
		Read: func(s string) (wrong string) {
			if options.IsOn(s) {
				reset()
				return ""
			}
			var took time.Duration
			if wrong := options.DurationOf(&took, 0, options.Off).Set(s); wrong != "" {
				return wrong
			}
			c.StaleUnreachable, c.StaleServerError = took, took
			return ""
		},
		Text: func() (string, options.Style) {
			if c.StaleUnreachable != c.StaleServerError {
				return "on", options.Plain
			}
			return options.DurationOf(&c.StaleUnreachable, 0, options.Off).Get()
		},
		Texts: options.Shape{Pattern: options.DurationPattern, On: true, Off: true},
	}
}
