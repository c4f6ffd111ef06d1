package gateway

import (
	"slices"
	"time"

	"penstock/cache"
	"penstock/cache/rfc9111"
	"penstock/config"
)

// cacheRule is how one route caches, compiled. It is immutable.
type cacheRule struct {
	route       []byte // part of the key: routes that share a URL need not share its answers
	policy      rfc9111.Policy
	query       *cache.QueryRule
	headers     []string
	cookies     []string
	tags        []byte // name of the field that lists tags; nil for none
	maxObject   int64
	maxVariants int  // of one URL, by Vary
	get, post   bool // methods whose answers are stored; HEAD is answered with GET
	head        bool
}

// compileCache returns nil for a route that does not cache.
func compileCache(c *config.Route) (*cacheRule, error) {
	o := c.Cache
	if o == nil {
		return nil, nil
	}
	query, err := cache.NewQueryRule(queryModes[o.Query.Mode], o.Query.Names...)
	if err != nil {
		return nil, err
	}
	r := &cacheRule{
		route: []byte(c.Name()), query: query, headers: o.Headers, cookies: o.Cookies,
		maxVariants: o.MaxVariants, maxObject: o.MaxObject,
		get: slices.Contains(o.Methods, "GET"), head: slices.Contains(o.Methods, "HEAD"), post: slices.Contains(o.Methods, "POST"),
		policy: rfc9111.Policy{
			Targets: o.Targets, TTL: o.TTL, Force: o.Force, NoHeuristic: !o.Heuristic,
			StoreSetCookie: o.StoreSetCookie, ClientControl: o.ClientControl,
			StaleWhileRevalidate: o.Stale, StaleUnreachable: o.StaleUnreachable, StaleServerError: o.StaleServerError,
		},
	}
	if o.Tags != "" {
		r.tags = []byte(o.Tags)
	}
	for _, s := range o.ByStatus {
		r.policy.ByStatus = append(r.policy.ByStatus, rfc9111.StatusTTL{From: s.From, To: s.To, TTL: s.TTL, Off: s.Off})
	}
	return r, nil
}

// queryModes translates the configuration's modes.
var queryModes = map[config.QueryMode]cache.QueryMode{
	config.QueryAll: cache.QueryAll, config.QuerySorted: cache.QuerySorted, config.QueryNone: cache.QueryNone,
	config.QueryOnly: cache.QueryOnly, config.QueryExcept: cache.QueryExcept,
}

// passTime is how long a key whose answer may not be shared is remembered: its
// requests are sent on side by side, never one after the other.
const passTime = time.Minute
