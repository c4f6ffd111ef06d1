package config

import (
	"time"
)

// Cache is how one route's responses are stored and reused. Route.Cache is nil
// when they are not. A lifetime that the response states is obeyed unless Force.
type Cache struct {
	TTL      time.Duration // lifetime of responses that state none; zero means none
	ByStatus []StatusTTL   // TTL by status, narrower ranges first: the first match wins; nil means TTL for all

	Stale            time.Duration // stale-while-revalidate of responses that name none (RFC 5861 §3); zero means none
	StaleUnreachable time.Duration // how long stale ones serve while no backend can be reached; zero means not at all
	StaleServerError time.Duration // how long they serve in place of a 5xx answer (RFC 5861 §4); zero means not at all

	Query   CacheQuery // which query keys are part of the key
	Headers []string   // request fields that are part of the key, as written; nil means none
	Cookies []string   // cookies that are part of the key; their case counts; nil means none

	Force          bool     // TTL and ByStatus beat what the response says of its lifetime
	Heuristic      bool     // a lifetime from Last-Modified where none is stated (RFC 9111 §4.2.2)
	MaxVariants    int      // responses kept side by side for one key by Vary, at least 1
	MaxObject      int64    // bytes of the largest body that is stored, at most Store.MaxObject
	Tags           string   // response field that lists tags to purge by, as written; empty means none
	Methods        []string // of GET, HEAD and POST; at least one. A POST answer is stored only as RFC 9110 §9.3.3 allows
	ClientControl  bool     // obey Cache-Control and Pragma of requests (RFC 9111 §5.2.1)
	StoreSetCookie bool     // store responses with Set-Cookie though they do not say public

	// Targets are the response fields that replace Cache-Control here, the first
	// one present wins (RFC 9213 §2.2). Empty means none.
	Targets []string
}

// StatusTTL is the lifetime of responses with a status in From..To, both
// included, that state none.
type StatusTTL struct {
	From, To int           // 100..599
	TTL      time.Duration // zero with Off
	Off      bool          // they are not stored at all
}

// CacheQuery is how the query becomes part of the key. Keys that are left out
// are not sent to the backend either.
type CacheQuery struct {
	Mode  QueryMode
	Names []string // of QueryOnly and QueryExcept, as written, case counts; nil otherwise
}

// QueryMode is one of the ways to take a query into the key.
type QueryMode uint8

// The ways to take a query into the key.
const (
	QueryAll    QueryMode = iota // byte for byte
	QuerySorted                  // sorted by key
	QueryNone                    // not at all
	QueryOnly                    // the keys of Names alone
	QueryExcept                  // all but the keys of Names
	queryCount
)

var queryText = [queryCount]string{
	QueryAll: "all", QuerySorted: "sorted", QueryNone: "none", QueryOnly: "only", QueryExcept: "except",
}

func (m QueryMode) String() string { return queryText[m] }
