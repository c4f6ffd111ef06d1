package gateway

import (
	"bytes"
	"fmt"
	"slices"

	"penstock/config"
	"penstock/headers"
)

// node is one segment in the tree of one host's paths. Below it stand the
// segments that may follow. After finish it is immutable.
type node struct {
	text  string           // the fixed text that leads here
	fixed []*node          // children with fixed text, while they are few
	many  map[string]*node // and when they are not
	param *node            // child for one segment of any text
	here  []*rule          // routes whose pattern ends here, best first
	below []*rule          // routes whose pattern is this and the rest, best first
}

// few is how many children are compared one by one; more are hashed.
const few = 6

func (n *node) insert(path config.Pattern, r *rule) {
	for _, s := range path {
		switch s.Kind {
		case config.Rest:
			n.below = append(n.below, r)
			return
		case config.Param:
			if n.param == nil {
				n.param = &node{}
			}
			n = n.param
		default:
			n = n.fixedChild(s.Text)
		}
	}
	n.here = append(n.here, r)
}

// fixedChild returns the child with this text and makes it if need be.
func (n *node) fixedChild(text string) *node {
	if child := n.many[text]; child != nil {
		return child
	}
	if n.many == nil {
		n.many = map[string]*node{}
	}
	child := &node{text: text}
	n.many[text] = child
	return child
}

// finish sorts the routes of this node and those below, and lists few children.
func (n *node) finish() error {
	for _, rules := range [][]*rule{n.here, n.below} {
		slices.SortFunc(rules, compareRules)
		for i := 1; i < len(rules); i++ {
			if a, b := rules[i-1], rules[i]; sameConditions(a, b) {
				return fmt.Errorf("path %s: routes %d and %d are the same", b.path, a.index, b.index)
			}
		}
	}
	for _, child := range n.many {
		if err := child.finish(); err != nil {
			return err
		}
		n.fixed = append(n.fixed, child)
	}
	if len(n.fixed) <= few {
		n.many = nil
	} else {
		n.fixed = nil
	}
	if n.param != nil {
		return n.param.finish()
	}
	return nil
}

func (n *node) findPath(q *lookup) *rule {
	q.n = 0
	if len(q.path) == 0 || q.path[0] != '/' {
		return n.findEnd(q) // "*", the target of an OPTIONS that means no path
	}
	return n.find(q, q.path[1:])
}

// find searches below n for the segments of path. Each node is visited at most
// once for a request, because the depth of a node is the number of its segments.
func (n *node) find(q *lookup, path []byte) *rule {
	segment, after := path, []byte(nil)
	slash := bytes.IndexByte(path, '/')
	if slash >= 0 {
		segment, after = path[:slash], path[slash+1:]
	}
	if child := n.child(q.plain(segment)); child != nil {
		if r := child.next(q, after, slash < 0); r != nil {
			return r
		}
	}
	if n.param != nil && len(segment) > 0 {
		q.values[q.n] = segment
		q.n++
		if r := n.param.next(q, after, slash < 0); r != nil {
			return r
		}
		q.n--
	}
	q.rest = path
	return q.choose(n.below)
}

// plain returns the segment with its encodings decoded once: fixed text of a route
// takes the same text in any spelling, as backends do. A slash or backslash in it
// is in no fixed text.
func (q *lookup) plain(segment []byte) []byte {
	if bytes.IndexByte(segment, '%') < 0 {
		return segment
	}
	q.text = headers.AppendDecoded(q.text[:0], segment)
	return q.text
}

func (n *node) next(q *lookup, path []byte, last bool) *rule {
	if last {
		return n.findEnd(q)
	}
	return n.find(q, path)
}

// findEnd chooses among the routes for a path that ends at n: "/a/*" takes /a too.
func (n *node) findEnd(q *lookup) *rule {
	if r := q.choose(n.here); r != nil {
		return r
	}
	q.rest = nil
	return q.choose(n.below)
}

func (n *node) child(text []byte) *node {
	if n.many != nil {
		return n.many[string(text)]
	}
	for _, child := range n.fixed {
		if child.text == string(text) {
			return child
		}
	}
	return nil
}
