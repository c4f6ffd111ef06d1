package gateway

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"penstock/config"
	"penstock/headers"
)

// rule is one route at the end of its pattern: what else it wants of a request.
type rule struct {
	index   int
	path    string // the pattern as it was written
	pattern config.Pattern
	params  []string // names of its one-segment parameters, in order
	rest    string   // name of its rest; "" when it has none or no name for it
	methods []string // sorted; none means any
	header  []fieldCondition
	query   []condition
	text    string // all conditions as text, for a fixed order among equals
}

type fieldCondition struct {
	id    headers.ID
	name  []byte
	value string
}

func newRule(p *pattern, path config.Pattern) *rule {
	r := &rule{index: p.index, path: p.path, pattern: path, methods: slices.Sorted(slices.Values(p.methods)), query: slices.Clone(p.query)}
	for _, s := range path {
		switch s.Kind {
		case config.Param:
			r.params = append(r.params, s.Text)
		case config.Rest:
			r.rest = s.Text
		}
	}
	for _, c := range p.header {
		r.header = append(r.header, fieldCondition{headers.IDOf([]byte(c.name)), []byte(c.name), c.value})
	}
	var lines []string
	for _, c := range p.header {
		lines = append(lines, "header "+strings.ToLower(c.name)+"="+c.value)
	}
	for _, c := range p.query {
		lines = append(lines, "query "+c.name+"="+c.value)
	}
	slices.Sort(lines)
	r.text = strings.Join(lines, "\n")
	return r
}

// compareRules sorts routes of one pattern by how much they ask for: more
// conditions first, then a method list before none, then more exact values, then
// the shorter method list. Equals are sorted by their text, so that the order of
// the file never matters.
func compareRules(a, b *rule) int {
	return cmp.Or(
		cmp.Compare(len(b.header)+len(b.query), len(a.header)+len(a.query)),
		compareMethods(a.methods, b.methods),
		cmp.Compare(b.exactValues(), a.exactValues()),
		cmp.Compare(len(a.methods), len(b.methods)),
		cmp.Compare(a.text, b.text),
		slices.Compare(a.methods, b.methods),
		cmp.Compare(a.index, b.index),
	)
}

func compareMethods(a, b []string) int {
	return cmp.Compare(min(len(b), 1), min(len(a), 1))
}

func (r *rule) exactValues() (n int) {
	for _, c := range r.header {
		n += min(len(c.value), 1)
	}
	for _, c := range r.query {
		n += min(len(c.value), 1)
	}
	return n
}

func sameConditions(a, b *rule) bool {
	return a.text == b.text && slices.Equal(a.methods, b.methods)
}

// choose returns the first of the rules that accepts the request.
func (q *lookup) choose(rules []*rule) *rule {
	for _, r := range rules {
		if r.accepts(q) {
			return r
		}
	}
	return nil
}

func (r *rule) accepts(q *lookup) bool {
	for i := range r.header {
		if !r.header[i].holds(q.fields) {
			return false
		}
	}
	for i := range r.query {
		if !queryHas(q.query, &r.query[i]) {
			return false
		}
	}
	if len(r.methods) == 0 {
		return true
	}
	for _, m := range r.methods {
		if m == string(q.method) {
			return true
		}
	}
	return false
}

// holds reports whether any line of the field has the value.
func (c *fieldCondition) holds(b *headers.Block) bool {
	if b == nil {
		return false
	}
	for i := range b.Fields {
		f := &b.Fields[i]
		if f.ID != c.id || f.Drop || !headers.SameName(f.Name, c.name) {
			continue
		}
		if c.value == "" || c.value == string(f.Value) {
			return true
		}
	}
	return false
}

// queryHas reports whether any member of the query has the key and the value,
// compared as a form decoder reads them.
func queryHas(query []byte, c *condition) bool {
	for len(query) > 0 {
		member := query
		if end := bytes.IndexByte(query, '&'); end >= 0 {
			member, query = query[:end], query[end+1:]
		} else {
			query = nil
		}
		key, value, _ := bytes.Cut(member, equalsSign)
		if decodesTo(key, c.name) && (c.value == "" || decodesTo(value, c.value)) {
			return true
		}
	}
	return false
}

var equalsSign = []byte("=")

// decodesTo reports whether raw is want once "+" and percent-encodings are decoded.
func decodesTo(raw []byte, want string) bool {
	at := 0
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		switch {
		case c == '+':
			c = ' '
		case c == '%' && i+2 < len(raw):
			if hi, lo := hexDigit(raw[i+1]), hexDigit(raw[i+2]); hi < 16 && lo < 16 {
				c = hi<<4 | lo
				i += 2
			}
		}
		if at == len(want) || want[at] != c {
			return false
		}
		at++
	}
	return at == len(want)
}

// hexDigit returns the value of a hexadecimal digit, 16 for anything else.
func hexDigit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 16
}

// capture gives the parameters to the request's record.
func (r *rule) capture(q *lookup) {
	for i, name := range r.params {
		q.x.AddParam(name, q.values[i])
	}
	if r.rest != "" {
		q.x.AddParam(r.rest, q.rest)
	}
}

// surrounds reports whether the pattern of r ends in a rest that would take every
// path of the other pattern: other is an exception from r.
func (r *rule) surrounds(other *rule) bool {
	last := len(r.pattern) - 1
	if last < 0 || r.pattern[last].Kind != config.Rest || len(other.pattern) < last {
		return false
	}
	for i, s := range r.pattern[:last] {
		o := other.pattern[i]
		if s.Kind != o.Kind || s.Kind == config.Literal && s.Text != o.Text {
			return false
		}
	}
	return true
}
