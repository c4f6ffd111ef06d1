package httpcache

import (
	"time"

	"penstock/cache"
	"penstock/cache/rfc9111"
)

// Name is what this cache calls itself in Cache-Status (RFC 9211 §2).
const Name = "Penstock"

// passTime is how long a key whose response may not be shared is remembered: its requests
// are sent on side by side, never one after the other.
const passTime = time.Minute

// Rule is how one route caches. It is immutable once it is in use.
type Rule struct {
	Route       []byte // part of the key: routes that share a URL need not share its responses
	Policy      rfc9111.Policy
	Query       *cache.QueryRule // how the query is keyed and sent; must not be nil
	Headers     []string         // request fields that are part of the key
	Cookies     []string         // cookies that are part of the key; a request in which one is ambiguous has no part in the cache
	Shadowed    [][]byte         // the names of Headers: Prepare drops fields that a backend may take for one of them
	Wait        time.Duration    // how long a request waits for the fetch of another; zero means without limit
	Tags        []byte           // name of the response field that lists tags; nil for none
	MaxObject   int64            // bytes of the largest body that is stored; with zero only empty ones are
	MaxVariants int              // of one URL, by Vary; the least used gives way to one more; zero means 1

	// Get: GET is served from the store, and its responses are stored. Head: HEAD is served with
	// the stored responses to GET, and updates them. Post: a response to POST that states its
	// freshness and has the URL as its Content-Location is stored for later GETs.
	Get, Head, Post bool

	OwnRequest [][]byte // request fields that the gateway writes anew for each request, so that none can select a variant
	OwnField   []byte   // name of a response field that each response has of its own, and that is not stored; nil for none
	Explains   bool     // responses carry Cache-Status
	Counters   Counters // must not be nil
}

// Counters count what happens after the request that caused it. They are called concurrently.
type Counters interface {
	// Filled counts a response that was stored whole. Began is when the origin was asked.
	Filled(began time.Time)
}

// serves reports whether requests of a method, GET or HEAD, may be served from the store.
func (r *Rule) serves(m rfc9111.Method) bool {
	if m == rfc9111.Head {
		return r.Head
	}
	return r.Get
}
