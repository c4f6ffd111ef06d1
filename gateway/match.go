package gateway

import (
	"fmt"
	"strings"

	"penstock/config"
	"penstock/exchange"
	"penstock/headers"
)

// matcher finds the route of a request. It is built once for a snapshot and never
// changes, so any number of goroutines may use it; find allocates nothing.
//
// The most specific route wins, whatever the order in which they were written:
//
//  1. Host: the exact name, then the wildcard with the longest suffix, then any.
//  2. Path, segment by segment from the left: fixed text, then {param}, then the
//     rest (* and {name:*}). The first segment in which two patterns differ
//     decides: of "/a/{x}/c" and "/a/b/*" the second takes /a/b/c.
//  3. Conditions: the route with more of them, then the one with a method list.
//
// When no route of the best pattern accepts the request, the next best one is
// tried, and so on to the routes of less specific hosts.
type matcher struct {
	exact   map[string]*node // by host name in lower case
	wild    map[string]*node // by what follows the star: ".example.com"
	lengths [maxHostName + 1]bool
	any     *node // nil when no route is for any host
}

const maxHostName = 255 // octets of a DNS name (RFC 1035 §2.3.4)

// pattern is what the matcher must know of one route.
type pattern struct {
	hosts   []string // exact or "*.example.com"; none means any
	path    string   // as config.ParsePattern reads it
	methods []string // none means any
	header  []condition
	query   []condition
	index   int // what find returns
}

// condition wants a header field or a query key to have a value, or to be there
// at all when value is empty.
type condition struct{ name, value string }

// lookup is one question to the matcher, and its scratch space.
type lookup struct {
	host   []byte // as the client wrote it: any case, perhaps with a port
	path   []byte // normalised; "*" is taken by "/*" only
	method []byte
	query  []byte
	fields *headers.Block
	x      *exchange.Exchange // gets the captured parameters; nil when nobody wants them

	values  [exchange.MaxParams][]byte
	n       int    // how many values the walk holds
	rest    []byte // what the pattern's rest took
	text    []byte // a decoded segment
	hostBuf [maxHostName]byte
}

// newMatcher compiles the patterns. It refuses those that cannot be read and two
// of which one could never be chosen because they are the same.
func newMatcher(patterns []pattern) (*matcher, error) {
	m := &matcher{exact: map[string]*node{}, wild: map[string]*node{}}
	for i := range patterns {
		p := &patterns[i]
		path, err := parsePath(p.path)
		if err != nil {
			return nil, fmt.Errorf("path: %w", err)
		}
		r := newRule(p, path)
		for _, host := range p.hosts {
			tree, err := m.treeOf(host)
			if err != nil {
				return nil, err
			}
			tree.insert(path, r)
		}
		if len(p.hosts) == 0 {
			if m.any == nil {
				m.any = &node{}
			}
			m.any.insert(path, r)
		}
	}
	return m, m.finish()
}

// parsePath reads a pattern and decodes its fixed parts, which are compared with
// decoded segments.
func parsePath(path string) (config.Pattern, error) {
	segments, err := config.ParsePattern(path)
	if err != nil {
		return nil, err
	}
	for i := range segments {
		if segments[i].Kind != config.Literal {
			continue
		}
		text, p := headers.NormalizePath(nil, []byte("/"+segments[i].Text))
		if p != headers.NoProblem {
			return nil, fmt.Errorf("%q matches no request: %v in segment %q", path, p, segments[i].Text)
		}
		segments[i].Text = string(headers.AppendDecoded(nil, text[1:]))
	}
	return segments, nil
}

// treeOf returns the routes of a host, which are none at first.
func (m *matcher) treeOf(host string) (*node, error) {
	name := strings.ToLower(string(headers.HostName([]byte(host))))
	trees := m.exact
	if strings.HasPrefix(name, "*.") {
		name, trees = name[1:], m.wild
	}
	if name == "" || name == "." || len(name) > maxHostName || strings.Contains(name, "*") {
		return nil, fmt.Errorf("host %q: want a name or *.name of at most %d characters", host, maxHostName)
	}
	tree := trees[name]
	if tree == nil {
		tree = &node{}
		trees[name] = tree
	}
	return tree, nil
}

// finish brings all trees into the form in which they are searched.
func (m *matcher) finish() error {
	for suffix := range m.wild {
		m.lengths[len(suffix)] = true
	}
	for host, tree := range m.trees() {
		if err := tree.finish(); err != nil {
			return fmt.Errorf("host %s: %w", host, err)
		}
	}
	return nil
}

func (m *matcher) trees() map[string]*node {
	all := make(map[string]*node, len(m.exact)+len(m.wild)+1)
	for host, tree := range m.exact {
		all[host] = tree
	}
	for suffix, tree := range m.wild {
		all["*"+suffix] = tree
	}
	if m.any != nil {
		all["any"] = m.any
	}
	return all
}

// find returns the best rule that accepts the request, nil when none does. Its
// parameters wait in q for capture. It keeps nothing of q.
func (m *matcher) find(q *lookup) *rule {
	if len(m.exact)+len(m.wild) > 0 {
		if r := m.findNamed(q); r != nil {
			return r
		}
	}
	if m.any == nil {
		return nil
	}
	return m.any.findPath(q)
}

// findNamed searches the routes that name a host.
func (m *matcher) findNamed(q *lookup) *rule {
	name := headers.HostName(q.host)
	if len(name) > maxHostName {
		return nil
	}
	host := q.hostBuf[:len(name)]
	for i, c := range name {
		host[i] = lower(c)
	}
	if tree := m.exact[string(host)]; tree != nil {
		if r := tree.findPath(q); r != nil {
			return r
		}
	}
	if len(m.wild) == 0 {
		return nil
	}
	for i := 1; i < len(host); i++ { // from 1: the star stands for at least one character
		if host[i] != '.' || !m.lengths[len(host)-i] {
			continue
		}
		if tree := m.wild[string(host[i:])]; tree != nil {
			if r := tree.findPath(q); r != nil {
				return r
			}
		}
	}
	return nil
}
