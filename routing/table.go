// Package routing finds the route of a request. A Table is compiled once from the
// routes of a configuration and never changes. It knows no HTTP library, no
// configuration format and no backend: patterns go in, the index of a route comes out.
//
//   - table.go: the types that callers use
//   - matcher.go, tree.go, rule.go: which route is the most specific one
//   - path.go: what happens to paths that readers understand differently
package routing

import (
	"fmt"

	"penstock/headers"
)

// Route describes the requests that one route accepts: those for which all of its fields hold.
type Route struct {
	Hosts   []string          // host names in any case, or "*.example.com" for every name below it; ports do not count; none accepts any host
	Path    Path              // at most MaxParams named segments
	Methods []string          // case-sensitive; none accepts any method
	Header  []Condition       // all must hold; the case of a Name, which must not be empty, does not matter
	Query   []Condition       // all must hold; compared with the decoded parameters, case-sensitive
	Rules   headers.PathRules // for ambiguous paths that lead to this route; the zero value refuses them
}

// Condition requires a header field or a query parameter to have exactly this value. One of
// several lines or parameters of the name is enough. An empty Value accepts any value, but the
// field or parameter must be present.
type Condition struct{ Name, Value string }

// Options are the arguments of New.
type Options struct {
	Routes []Route // may be empty; their order decides nothing

	// Rules apply before the route of a request is known, and to paths that lead
	// to no route. The zero value refuses ambiguous paths that lead to no route.
	Rules headers.PathRules
}

// Table finds the routes of requests. It is made by New. It is immutable, and any number of
// goroutines may use it.
type Table struct {
	matcher *matcher
	paths   []pathPolicy // of each route
	noRoute pathPolicy   // for paths that lead to no route
	first   headers.PathRules
}

// New compiles the routes. It returns nil and an error for a host or path that no request can
// have, for a path without segments, with more than MaxParams named ones or with a Rest before
// its end, for two routes with the same methods and conditions that have a host (or none) and the
// path in common, and for a route that names a host twice. It panics for a Header condition without
// a Name.
func New(o Options) (*Table, error) {
	m, err := newMatcher(o.Routes)
	if err != nil {
		return nil, err
	}
	t := &Table{matcher: m, noRoute: newPathPolicy(o.Rules), first: withoutRefusals(o.Rules)}
	for i := range o.Routes {
		t.paths = append(t.paths, newPathPolicy(o.Routes[i].Rules))
	}
	return t, nil
}

// Query is one request as the matcher sees it, together with the scratch space of
// Find. Callers reuse a Query to allocate nothing; its zero value is ready for use. It belongs
// to one goroutine at a time. Find does not change the exported fields or their bytes.
type Query struct {
	Host    []byte            // as the client sent it: in any case, and with its port; empty, or above 255 bytes without it, leads only to routes without Hosts
	RawPath []byte            // as received; needed when Marks is not zero
	Path    []byte            // as Table.NormalizePath returned it, or "*", which only "/*" accepts
	Marks   headers.PathMarks // as Table.NormalizePath returned them
	Method  []byte
	Query   []byte         // what follows the first "?" of the target
	Fields  *headers.Block // nil has no fields

	walk walk
	path []byte // RawPath in the normal form of the route's own rules
	read []byte // the path as another reader understands it
}

// Reset makes q empty. It keeps scratch buffers of at most maxKept bytes each for the next
// request. An earlier Match of q is not valid afterwards.
func (q *Query) Reset(maxKept int) {
	q.Host, q.RawPath, q.Path, q.Method, q.Query = nil, nil, nil, nil, nil
	q.Marks, q.Fields = 0, nil
	q.walk.reset(maxKept)
	q.path, q.read = kept(q.path, maxKept), kept(q.read, maxKept)
}

// kept returns buf emptied, or nil when its capacity is above maxKept.
func kept(buf []byte, maxKept int) []byte {
	if cap(buf) > maxKept {
		return nil
	}
	return buf[:0]
}

// Outcome is what Find found out about a request.
type Outcome uint8

// The outcomes.
const (
	NoRoute     Outcome = iota // no route accepts the request
	PathRefused                // the path is ambiguous, and the rules refuse it or its readings lead to different routes
	Found                      // a route accepts the request
)

// String returns the outcome in lower case with hyphens; "Outcome(9)" for a value that is none.
func (o Outcome) String() string {
	switch o {
	case NoRoute:
		return "no-route"
	case PathRefused:
		return "path-refused"
	case Found:
		return "found"
	}
	return fmt.Sprintf("Outcome(%d)", uint8(o))
}

// Match is the result of Find. All fields but Outcome are zero unless Outcome is Found.
// Its slices point into the Query or its path, and are valid until the next Find with
// the same Query or its Reset.
type Match struct {
	Outcome Outcome
	Route   int     // index of the route in Options.Routes
	Params  []Param // captured parameters, in the order of the pattern
	Path    []byte  // the path in the normal form of the route's rules

	// PathChanged reports that the route's rules changed the path, so that the
	// backend gets Path and not the path as it was received.
	PathChanged bool
}

// Param is a part of the path that a pattern captured.
type Param struct {
	Name  string // from the pattern
	Value []byte // from the path, not decoded; of a Rest what follows its slash, empty when nothing does
}

// NormalizePath appends to dst the form of path that routes are matched against, and
// returns what is ambiguous in it. It refuses only what is refused for every route; a
// route's own rules apply in Find. path begins with "/", or the Problem is headers.BadTarget,
// and has no query. After a Problem the slice is not a complete path and must not be used.
func (t *Table) NormalizePath(dst, path []byte) ([]byte, headers.PathMarks, headers.Problem) {
	return t.first.Normalize(dst, path)
}

// Find returns the most specific route that accepts the request; without one the Outcome is
// NoRoute. A path without marks has one reading only. For one with marks Find also applies the
// rules of the route, or Options.Rules without one, and checks that every reading of the path
// leads to it; else the Outcome is PathRefused. Readings of parts that the rules keep may also lead
// to no route, or to one whose pattern ends in a Rest that accepts every path of the route.
func (t *Table) Find(q *Query) Match {
	r := t.matcher.find(q, q.Path)
	if q.Marks != 0 {
		return t.disambiguate(q, r)
	}
	if r == nil {
		return Match{Outcome: NoRoute}
	}
	return Match{Outcome: Found, Route: r.index, Params: r.capture(&q.walk), Path: q.Path}
}
