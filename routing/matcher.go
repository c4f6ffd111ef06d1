package routing

import (
	"fmt"
	"strings"

	"penstock/headers"
)

// matcher finds the rule of a request. It is built once and never changes, and find
// allocates nothing.
//
// The most specific route wins. The order in which routes are configured has no effect:
//
//  1. Host: the exact name, then the wildcard with the longest suffix, then any.
//  2. Path, segment by segment from the left: fixed text, then {param}, then the
//     rest (* and {name:*}). The first segment in which two patterns differ
//     decides: of "/a/{x}/c" and "/a/b/*" the second accepts /a/b/c.
//  3. Conditions: the route with more of them, then the one with a method list.
//
// When no route of the best pattern accepts the request, the next best pattern is
// considered, and so on to the routes of less specific hosts.
type matcher struct {
	exact   map[string]*node // by host name in lower case
	wild    map[string]*node // by what follows the star: ".example.com"
	lengths [maxHostName + 1]bool
	any     *node // nil when every route names a host
}

const maxHostName = 255 // octets of a DNS name (RFC 1035 §2.3.4)

// walk is the scratch space of find, and what the pattern of the rule that it returned
// has captured.
type walk struct {
	params [MaxParams]Param
	n      int    // number of values in params
	rest   []byte // what the rest of the pattern accepted
	text   []byte // a decoded segment
	host   [maxHostName]byte
}

// reset releases what w holds of a request.
func (w *walk) reset(maxKept int) {
	w.params = [MaxParams]Param{}
	w.n, w.rest, w.text = 0, nil, kept(w.text, maxKept)
}

// newMatcher compiles the routes. It returns an error for a host or path that no request
// can have, and for two routes that accept the same requests.
func newMatcher(routes []Route) (*matcher, error) {
	m := &matcher{exact: map[string]*node{}, wild: map[string]*node{}}
	for i := range routes {
		c := &routes[i]
		path, err := c.Path.compile()
		if err != nil {
			return nil, fmt.Errorf("path: %w", err)
		}
		r := newRule(i, c, path)
		for _, host := range c.Hosts {
			tree, err := m.treeOf(host)
			if err != nil {
				return nil, err
			}
			tree.insert(path, r)
		}
		if len(c.Hosts) == 0 {
			if m.any == nil {
				m.any = &node{}
			}
			m.any.insert(path, r)
		}
	}
	return m, m.finish()
}

// treeOf returns the tree of a host's routes, and makes an empty one for a new host.
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

// finish brings all trees into the form that find reads.
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

// trees returns the tree of each host under the name that error messages use.
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

// find returns the best rule that accepts the request with this path, nil when none
// does. The captures of the rule's pattern are in q.walk until the next find.
func (m *matcher) find(q *Query, path []byte) *rule {
	if len(m.exact)+len(m.wild) > 0 {
		if r := m.findNamed(q, path); r != nil {
			return r
		}
	}
	if m.any == nil {
		return nil
	}
	return m.any.findPath(q, path)
}

// findNamed searches the routes that name a host.
func (m *matcher) findNamed(q *Query, path []byte) *rule {
	name := headers.HostName(q.Host)
	if len(name) > maxHostName {
		return nil
	}
	host := q.walk.host[:len(name)]
	for i, c := range name {
		host[i] = lower(c)
	}
	if tree := m.exact[string(host)]; tree != nil {
		if r := tree.findPath(q, path); r != nil {
			return r
		}
	}
	if len(m.wild) == 0 {
		return nil
	}
	for i := 1; i < len(host); i++ { // from 1: the star accepts at least one character
		if host[i] != '.' || !m.lengths[len(host)-i] {
			continue
		}
		if tree := m.wild[string(host[i:])]; tree != nil {
			if r := tree.findPath(q, path); r != nil {
				return r
			}
		}
	}
	return nil
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
