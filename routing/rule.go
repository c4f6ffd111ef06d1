package routing

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"penstock/headers"
)

// rule is the compiled form of one route: what it requires of a request beyond the host
// and path under which it is found.
type rule struct {
	index   int
	path    Path     // with its fixed text decoded
	written string   // the pattern as it is configured, for messages
	params  []string // names of its one-segment parameters, in order
	rest    string   // name of its rest; "" when it has none or no name for it
	methods []string // sorted; none accepts any
	header  []fieldCondition
	query   []Condition
	text    string // all conditions as text, for a fixed order among equals
}

type fieldCondition struct {
	id    headers.ID
	name  []byte
	value string
}

func newRule(index int, c *Route, path Path) *rule {
	r := &rule{index: index, path: path, written: c.Path.String(), methods: slices.Sorted(slices.Values(c.Methods)), query: slices.Clone(c.Query)}
	for _, s := range path {
		switch s.Kind {
		case Parameter:
			r.params = append(r.params, s.Text)
		case Rest:
			r.rest = s.Text
		}
	}
	var lines []string
	for _, h := range c.Header {
		r.header = append(r.header, fieldCondition{headers.IDOf([]byte(h.Name)), []byte(h.Name), h.Value})
		lines = append(lines, "header "+strings.ToLower(h.Name)+"="+h.Value)
	}
	for _, q := range c.Query {
		lines = append(lines, "query "+q.Name+"="+q.Value)
	}
	slices.Sort(lines)
	r.text = strings.Join(lines, "\n")
	return r
}

// compareRules sorts rules of one pattern by how much they require: more conditions
// first, then a method list before none, then more exact values, then the shorter
// method list. Equals are sorted by their text, so that the order in which routes are
// configured has no effect.
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

// exactValues returns how many conditions require a value and not only presence.
func (r *rule) exactValues() (n int) {
	for _, c := range r.header {
		n += min(len(c.value), 1)
	}
	for _, c := range r.query {
		n += min(len(c.Value), 1)
	}
	return n
}

func sameConditions(a, b *rule) bool {
	return a.text == b.text && slices.Equal(a.methods, b.methods)
}

// choose returns the first of the rules that accepts the request, nil when none does.
func (q *Query) choose(rules []*rule) *rule {
	for _, r := range rules {
		if r.accepts(q) {
			return r
		}
	}
	return nil
}

func (r *rule) accepts(q *Query) bool {
	for i := range r.header {
		if !r.header[i].holds(q.Fields) {
			return false
		}
	}
	for i := range r.query {
		if !queryHas(q.Query, &r.query[i]) {
			return false
		}
	}
	if len(r.methods) == 0 {
		return true
	}
	for _, m := range r.methods {
		if m == string(q.Method) {
			return true
		}
	}
	return false
}

// capture returns the parameters that the walk to r captured, with their names.
func (r *rule) capture(w *walk) []Param {
	for i, name := range r.params {
		w.params[i].Name = name
	}
	n := len(r.params)
	if r.rest != "" {
		w.params[n] = Param{Name: r.rest, Value: w.rest}
		n++
	}
	return w.params[:n]
}

// holds reports whether any line of the field has the value. A nil block has no fields.
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

// queryHas reports whether any parameter of the query has the name and the value of c,
// compared as a form decoder reads them.
func queryHas(query []byte, c *Condition) bool {
	for len(query) > 0 {
		member := query
		if end := bytes.IndexByte(query, '&'); end >= 0 {
			member, query = query[:end], query[end+1:]
		} else {
			query = nil
		}
		key, value, _ := bytes.Cut(member, equalsSign)
		if decodesTo(key, c.Name) && (c.Value == "" || decodesTo(value, c.Value)) {
			return true
		}
	}
	return false
}

var equalsSign = []byte("=")

// decodesTo reports whether raw, with "+" and percent-encodings decoded, equals want.
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
