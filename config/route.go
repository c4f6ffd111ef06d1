package config

import (
	"time"
)

// Route says which requests it takes and what happens to them. Exactly one of
// Targets, Redirect and Respond is set. The most specific route wins, whatever
// the order in the file.
type Route struct {
	Hosts   []string // lower case, without port: "a.example" or "*.example"; nil means any
	Path    string   // as written; Pattern is its parsed form
	Pattern Pattern
	Methods []string // upper case; nil means any
	Match   Match

	Targets  []Target // by weight; one entry unless the route splits
	Redirect *Redirect
	Respond  *Respond

	// Weights are this route's own weights, by Backend.Address, for all of its
	// upstreams. Backends not named keep theirs; 0 takes one out; nil means none.
	Weights  map[string]int
	Retry    Retry
	Timeouts RouteTimeouts

	Rewrite     string // template of the outgoing path, see ParseTemplate; empty means as received
	StripPrefix string // taken off the outgoing path, always starts with "/"; empty means none
	Headers     Headers
	MaxBody     int64    // bytes of a request body (key limits.body); Unlimited for off
	Upgrades    []string // protocols that may be tunnelled, lower case; nil means none
	Trailers    []string // trailer fields passed on both ways, as written; nil means none
	Paths       Paths    // what is done to paths that readers understand differently
	Cache       *Cache   // nil means that nothing is stored
	Policies    []Policy // the other policies of the route, in the order of the table
}

// Match are further conditions; all must hold. An empty value asks for presence.
type Match struct {
	Header map[string]string // by field name as written; case makes no difference
	Query  map[string]string
}

// Target is one upstream of a route and its share of the requests.
type Target struct {
	Upstream string // name of an entry of Config.Upstreams
	Weight   int    // 0..1000; at least one target of a route has more than 0
}

// Redirect answers with another place.
type Redirect struct {
	To   string // template, see ParseTemplate: a path or an absolute http(s) URL
	Code int    // 301, 302, 303, 307 or 308
}

// Respond is a fixed answer.
type Respond struct {
	Status  int // 200..599
	Headers []Field
	Body    string
}

// Field is one header field to write.
type Field struct {
	Name  string // as written; case makes no difference
	Value string
}

// Headers are the edits of a route, both ways.
type Headers struct {
	Request  Edits
	Response Edits
}

// Edits change a field section: Remove first, then Set, then Add.
type Edits struct {
	Set    []Field  // replaces every field of that name
	Add    []Field  // appended
	Remove []string // names, as written
}

// Empty reports whether the edits change nothing.
func (e *Edits) Empty() bool {
	return len(e.Set) == 0 && len(e.Add) == 0 && len(e.Remove) == 0
}

// Retry says when a failed try is repeated, on another backend while one is left.
type Retry struct {
	Times    int      // further tries after the first, 0..10; 0 means off
	Connect  bool     // no connection was made
	Reset    bool     // the connection ended before any response byte
	Timeout  bool     // a try ran into its connect or first_byte timeout
	Statuses Statuses // the backend answered with one of these; nil means none
	Backoff  Backoff
	Methods  []string // methods that may be repeated, upper case
	// Need is the name of a field, as written; a method that is not idempotent is
	// repeated only when the request carries it. Empty when Methods has none.
	Need string
}

// Backoff bounds the wait before a retry: it doubles from Min to Max, with full jitter.
type Backoff struct {
	Min, Max time.Duration
}

// RouteTimeouts are the final timeouts of one route. Zero means none.
type RouteTimeouts struct {
	Connect   time.Duration // never zero
	FirstByte time.Duration
	Request   time.Duration
	BodyIdle  time.Duration
}
