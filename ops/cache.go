package ops

import (
	"errors"
	"time"
)

var (
	// ErrNoCache is wrapped by every operation on the response cache that cannot be done because no
	// route caches. A prefix, a host, a tag or all can be purged as long as something may be stored.
	ErrNoCache = errors.New("no route has a cache")
	// ErrBadURL is wrapped by purges and lookups where a URL could not be that of a request that is served.
	ErrBadURL = errors.New("no request can have this URL")
)

// CacheStatus is the state of the response cache, as GET /api/cache shows it.
// Evictions to Purges are counted since the store was made; the other numbers are
// current. Without a cache all are zero.
type CacheStatus struct {
	ConfiguredBytes int64 `json:"configured_bytes"` // what the store may grow to; zero: there is none
	UsedBytes       int64 `json:"used_bytes"`       // what it has taken so far
	OverheadBytes   int64 `json:"overhead_bytes"`   // beside it: index, purges, admission
	Records         int64 `json:"records"`          // entries and segments of bodies, estimated
	Evictions       int64 `json:"evictions"`        // records pushed out, estimated
	Hits            int64 `json:"hits"`             // lookups of the store that found something
	Misses          int64 `json:"misses"`           // all other lookups, collisions included
	Vanished        int64 `json:"vanished"`         // bodies of which a segment was pushed out
	Damaged         int64 `json:"damaged"`          // records that were not what was written, never used
	Collisions      int64 `json:"collisions"`       // lookups that met another key with the same hash
	Purges          int64 `json:"purges"`           // of every scope
	Flights         int64 `json:"flights"`          // fetches under way that others may join
	Waiters         int64 `json:"waiters"`          // requests that wait for or read from them
	Background      int64 `json:"background"`       // refreshes, and fetches that go on without the client that caused them

	Loaded    string    `json:"loaded,omitempty"`     // what became of the saved files at the start
	LastSave  time.Time `json:"last_save,omitzero"`   // of the last save that worked; zero: none yet
	SaveError string    `json:"save_error,omitempty"` // of the last save, if it failed

	Routes []CacheRoute `json:"routes"` // those that cache
}

// CacheRoute is what the cache did for one route.
type CacheRoute struct {
	Route       string            `json:"route"`
	Requests    map[string]uint64 `json:"requests"`  // by CacheOutcome
	Forwarded   map[string]uint64 `json:"forwarded"` // by the reason of RFC 9211 §2.2
	Stored      map[string]uint64 `json:"stored"`    // responses by decision: "stored", or why not
	ServedBytes uint64            `json:"served_bytes"`
	HitRatio    float64           `json:"hit_ratio"` // 0 to 1: share of the requests that got a response without one from the origin for them; zero without requests
}

// CacheURL is an absolute URL of a request, in the parts that a request has. They
// stand as they were written, nothing is decoded.
type CacheURL struct {
	Scheme string // "http" or "https"
	Host   string // with its port, if it has one
	Target string // path and query, begins with "/"
}

// String writes the URL as it was written. It checks nothing.
func (u CacheURL) String() string { return u.Scheme + "://" + u.Host + u.Target }

// CacheField is one field of the request of a CacheQuestion.
type CacheField struct{ Name, Value string }

// CacheQuestion describes a request for the lookup API: what would the cache do with it?
type CacheQuestion struct {
	Method string
	URL    CacheURL
	Fields []CacheField
}

// CacheExplanation is the result for a CacheQuestion.
type CacheExplanation struct {
	Method  string      `json:"method"`
	URL     string      `json:"url"`
	Route   string      `json:"route,omitempty"`   // that takes the request; empty: none
	Key     string      `json:"key,omitempty"`     // hash of the key, as in Cache-Status
	Use     string      `json:"use"`               // what the cache would do, such as "fresh" or "nothing"
	Forward string      `json:"forward,omitempty"` // why the cache would forward it (RFC 9211 §2.2); empty: it would not, or the route does not cache
	Why     []string    `json:"why"`               // in sentences
	Entry   *CacheEntry `json:"entry,omitempty"`   // what is stored for it; nil: nothing
}

// CacheEntry is one stored response. Spans are in seconds.
type CacheEntry struct {
	Status    int       `json:"status"`
	Stored    time.Time `json:"stored"`
	Age       float64   `json:"age_seconds"`
	Lifetime  float64   `json:"lifetime_seconds"`          // zero: it has none
	Left      float64   `json:"left_seconds"`              // of the lifetime; negative once stale
	Source    string    `json:"lifetime_source,omitempty"` // what stated the lifetime
	Soft      bool      `json:"soft_purged,omitempty"`     // purged softly: used as a stale one is
	Vary      string    `json:"vary,omitempty"`            // the fields that select this variant
	BodyBytes int64     `json:"body_bytes"`
	Fields    []string  `json:"fields"` // lines of the stored field section
}

// CacheScope is what a purge reaches. The zero value is CacheScopeURL.
type CacheScope uint8

// The scopes of a purge.
const (
	CacheScopeURL    CacheScope = iota // one URL: all methods, schemes and variants
	CacheScopePrefix                   // all paths of one host that begin so
	CacheScopeHost                     // one host
	CacheScopeTag                      // all that bear the tag
	CacheScopeAll                      // everything
	cacheScopes
)

var cacheScopeText = [cacheScopes]string{
	CacheScopeURL: "url", CacheScopePrefix: "prefix", CacheScopeHost: "host", CacheScopeTag: "tag", CacheScopeAll: "all",
}

// String returns the name that the API and the logs use. It panics for a value that is none of the
// scopes.
func (s CacheScope) String() string { return cacheScopeText[s] }

// CachePurge is one purge. Scope decides which of URL and Tag are read.
type CachePurge struct {
	Scope CacheScope
	URL   CacheURL // for a URL; for a prefix without a query; for a host its Host alone
	Tag   string   // for a tag
	Soft  bool     // what is stored stays, to be used as a stale response is
}
