package config

import (
	"fmt"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"penstock/options"
)

// decoder turns the nodes of one file into a Config and collects the problems.
type decoder struct {
	name     string // of the file, as the caller gave it
	problems Errors
	at       map[string]place // the place of the value of each path that was read
	planned  map[string]bool  // the sections with a key that is not built yet
	lookups  int              // aliases followed so far
	values   int              // values read so far
	warnings []string         // remarks about what is valid
	policies []options.Policy // the table of Load

	declaredKeys []options.Key // of the sections that are being read, see declare
}

// The kinds of node that are distinguished here.
const (
	mappingNode  = yaml.MappingNode
	sequenceNode = yaml.SequenceNode
	scalarNode   = yaml.ScalarNode
)

// place is a position in the file, from 1.
type place struct{ line, column int }

// value is one node with its path, such as "routes[2].retry".
type value struct {
	node  *yaml.Node // never an alias
	place place
	path  string
}

// pair is one entry of a mapping.
type pair struct {
	key   string
	place place // of the key
	value value
}

// The bounds of the work that a small file full of aliases can ask for.
const (
	maxAliases = 1000
	maxValues  = 1_000_000 // those of aliases counted each time
)

// problem adds a problem of v.
func (d *decoder) problem(v value, format string, args ...any) {
	d.problemAt(v.place, v.path, format, args...)
}

func (d *decoder) problemAt(p place, path, format string, args ...any) {
	if d.full() {
		return
	}
	text := fmt.Sprintf(format, args...)
	if half := maxText / 2; len(text) > maxText {
		text = strings.ToValidUTF8(text[:half], "") + " ... " + strings.ToValidUTF8(text[len(text)-half:], "")
	}
	if len(d.problems) == maxProblems-1 {
		text = fmt.Sprintf("has %d problems or more; these were found first", maxProblems)
		d.problems = append(d.problems, Problem{File: d.name, Text: text})
		return
	}
	d.problems = append(d.problems, Problem{File: d.name, Line: p.line, Column: p.column, Path: path, Text: text})
}

const (
	maxProblems = 1000 // of one file; a remark takes the place of the last, and nothing more is read
	maxText     = 2000 // bytes of what is said of one
)

// full reports whether no more problems are noted.
func (d *decoder) full() bool { return len(d.problems) >= maxProblems }

// value resolves an alias and records the place of the node.
func (d *decoder) value(n *yaml.Node, path string) value {
	p := place{n.Line, n.Column}
	if n.Kind == yaml.AliasNode {
		d.lookups++
		n = n.Alias
	}
	if d.values++; d.lookups > maxAliases || d.values > maxValues {
		n = &yaml.Node{Kind: scalarNode, Tag: "!!null"} // too many values: a problem is reported for this one
	}
	d.at[path] = p
	return value{node: n, place: p, path: path}
}

// join appends a key to a path; one that is not a plain word is quoted in brackets.
func join(path, key string) string {
	if !word(key) {
		return path + "[" + strconv.Quote(key) + "]"
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

func word(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c != '_' && c != '-' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

func index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// kind returns the kind of a node, as messages name it.
func kind(n *yaml.Node) string {
	switch {
	case n.Kind == mappingNode:
		return "a mapping"
	case n.Kind == sequenceNode:
		return "a list"
	case empty(n):
		return "nothing"
	}
	return strconv.Quote(n.Value)
}

// empty reports whether nothing was written for the node, or null.
func empty(n *yaml.Node) bool { return n.Kind == scalarNode && n.Tag == "!!null" }

// written notes a problem when v has no value at all.
func (d *decoder) written(v value) bool {
	if empty(v.node) {
		d.problem(v, "has no value; write one or remove the key")
		return false
	}
	return true
}

// pairs returns the entries of the mapping v, those merged by << included.
// A key that occurs twice is a problem.
func (d *decoder) pairs(v value) ([]pair, bool) {
	if v.node.Kind != mappingNode {
		d.problem(v, "got %s, want a mapping (key: value)", kind(v.node))
		return nil, false
	}
	own, seen := make([]pair, 0, len(v.node.Content)/2), seenKeys{}
	var merged []pair
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		k, n := v.node.Content[i], v.node.Content[i+1]
		at := place{k.Line, k.Column}
		if k.Tag == "!!merge" {
			merged = append(merged, d.merged(value{node: n, place: place{n.Line, n.Column}, path: v.path}, 0)...)
			continue
		}
		if k.Kind == yaml.AliasNode {
			k = k.Alias
		}
		if k.Kind != scalarNode {
			d.problemAt(at, v.path, "got %s as a key, want plain text; quote a value that starts with { or [", kind(k))
			continue
		}
		path := join(v.path, k.Value)
		if line := seen.line(own, k.Value); line > 0 {
			d.problemAt(at, path, "occurs twice, first on line %d", line)
			continue
		}
		own = seen.add(own, pair{key: k.Value, place: at, value: d.value(n, path)})
	}
	for _, p := range merged {
		if seen.line(own, p.key) == 0 {
			p.value = d.value(p.value.node, join(v.path, p.key))
			own = seen.add(own, p)
		}
	}
	return own, true
}

// seenKeys finds the keys of a mapping that were read. Most mappings have so few that looking
// at each takes less time than a map.
type seenKeys struct{ lines map[string]int }

// fewKeys is up to how many keys are looked at one by one.
const fewKeys = 16

// line returns the line of a key of read; 0 when it is none of them.
func (s *seenKeys) line(read []pair, key string) int {
	if s.lines != nil {
		return s.lines[key]
	}
	for i := range read {
		if read[i].key == key {
			return read[i].place.line
		}
	}
	return 0
}

// add appends a key to read.
func (s *seenKeys) add(read []pair, p pair) []pair {
	read = append(read, p)
	switch {
	case s.lines != nil:
		s.lines[p.key] = p.place.line
	case len(read) > fewKeys:
		s.lines = make(map[string]int, cap(read))
		for i := range read {
			s.lines[read[i].key] = read[i].place.line
		}
	}
	return read
}

// maxMergeDepth bounds how far a merged mapping may itself merge others.
const maxMergeDepth = 8

// merged returns the entries that << takes from v: a mapping or a list of them.
// Entries of v's own merges follow. Their values are still unresolved.
func (d *decoder) merged(v value, depth int) []pair {
	n := v.node
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	d.lookups++
	switch {
	case depth > maxMergeDepth || d.lookups > maxAliases:
		d.problem(v, "<< goes too deep")
		return nil
	case n.Kind == sequenceNode:
		var all []pair
		for _, item := range n.Content {
			all = append(all, d.merged(value{node: item, place: place{item.Line, item.Column}, path: v.path}, depth+1)...)
		}
		return all
	case n.Kind != mappingNode:
		d.problem(v, "<< takes a mapping or a list of mappings, got %s", kind(n))
		return nil
	}
	var own, deeper []pair
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, item := n.Content[i], n.Content[i+1]
		if k.Tag == "!!merge" {
			deeper = append(deeper, d.merged(value{node: item, place: v.place, path: v.path}, depth+1)...)
		} else if k.Kind == scalarNode {
			own = append(own, pair{key: k.Value, place: place{k.Line, k.Column}, value: value{node: item}})
		}
	}
	return append(own, deeper...)
}

// list returns the items of v; a scalar is a list of one, `off` an empty list.
func (d *decoder) list(v value) []value {
	switch {
	case v.node.Kind == mappingNode:
		d.problem(v, "got a mapping, want a list")
		return nil
	case off(v):
		return nil
	case v.node.Kind == scalarNode:
		return []value{v}
	}
	items := make([]value, 0, len(v.node.Content))
	for i, n := range v.node.Content {
		item := d.value(n, index(v.path, i))
		if empty(item.node) {
			d.problem(item, "got nothing, want a value")
			continue
		}
		items = append(items, item)
	}
	return items
}
