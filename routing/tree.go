package routing

import (
	"bytes"
	"fmt"
	"slices"

	"penstock/headers"
)

// node is one segment in the tree of one host's paths. Its children are the segments
// that may follow. After finish it is immutable.
type node struct {
	text  string           // the fixed text of this segment
	fixed []*node          // children with fixed text when they are at most few
	many  map[string]*node // children with fixed text when they are more
	param *node            // child for one segment of any text
	exact []*rule          // rules whose pattern ends here, best first
	below []*rule          // rules whose pattern ends in a rest below this node, best first
}

// few is how many children are compared one by one; more are hashed.
const few = 6

func (n *node) insert(path Path, r *rule) {
	for _, s := range path {
		switch s.Kind {
		case Rest:
			n.below = append(n.below, r)
			return
		case Parameter:
			if n.param == nil {
				n.param = &node{}
			}
			n = n.param
		default:
			n = n.fixedChild(s.Text)
		}
	}
	n.exact = append(n.exact, r)
}

// fixedChild returns the child with this text, and makes it when there is none.
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

// finish sorts the rules of this node and its children, and moves few children from
// many to fixed. It returns an error for two rules that accept the same requests.
func (n *node) finish() error {
	for _, rules := range [][]*rule{n.exact, n.below} {
		slices.SortFunc(rules, compareRules)
		for i := 1; i < len(rules); i++ {
			if a, b := rules[i-1], rules[i]; sameConditions(a, b) {
				return fmt.Errorf("path %s: routes %d and %d are the same", b.written, a.index, b.index)
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

// findPath returns the best rule of this tree that accepts the path and the request.
func (n *node) findPath(q *Query, path []byte) *rule {
	q.walk.n = 0
	if len(path) == 0 || path[0] != '/' {
		return n.findEnd(q) // "*", the target of an OPTIONS request for no path
	}
	return n.find(q, path[1:])
}

// find searches below n for the segments of path. It visits each node at most once
// for a request, because the depth of a node is the number of its segments.
func (n *node) find(q *Query, path []byte) *rule {
	segment, after := path, []byte(nil)
	slash := bytes.IndexByte(path, '/')
	if slash >= 0 {
		segment, after = path[:slash], path[slash+1:]
	}
	if child := n.child(q.walk.decoded(segment)); child != nil {
		if r := child.next(q, after, slash < 0); r != nil {
			return r
		}
	}
	if w := &q.walk; n.param != nil && len(segment) > 0 {
		w.params[w.n].Value = segment
		w.n++
		if r := n.param.next(q, after, slash < 0); r != nil {
			return r
		}
		w.n--
	}
	q.walk.rest = path
	return q.choose(n.below)
}

// decoded returns the segment with its percent-encodings decoded once: the fixed text
// of a route accepts every spelling of the same text, as backends do. The decoded text
// may contain a slash or backslash, which no fixed text does.
func (w *walk) decoded(segment []byte) []byte {
	if bytes.IndexByte(segment, '%') < 0 {
		return segment
	}
	w.text = headers.AppendDecoded(w.text[:0], segment)
	return w.text
}

func (n *node) next(q *Query, path []byte, last bool) *rule {
	if last {
		return n.findEnd(q)
	}
	return n.find(q, path)
}

// findEnd chooses among the rules for a path that ends at n: "/a/*" accepts /a too.
func (n *node) findEnd(q *Query) *rule {
	if r := q.choose(n.exact); r != nil {
		return r
	}
	q.walk.rest = nil
	return q.choose(n.below)
}

// child returns the child with this fixed text, nil when there is none.
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
