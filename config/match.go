package config

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"penstock/options"
)

// Match are further conditions; all must hold. An empty value asks for presence. The zero value has
// no condition and matches every request.
type Match struct {
	Header map[string]string // by field name as written; the case of names makes no difference, that of values does
	Query  map[string]string // by key; compared with the decoded keys and values of a request, case counts
}

// Keys declares the keys of `match`.
func (m *Match) Keys(k options.Keys) {
	k.Add("header", &conditions{p: &m.Header, of: "field names", named: options.Token}, "`\"\"` asks for presence")
	k.Add("query", &conditions{p: &m.Query, of: "query keys", named: func(name string) bool {
		return name != "" && !strings.ContainsFunc(name, control)
	}}, "`\"\"` asks for presence")
	k.Later("scheme", "cookie")
}

// conditions is a mapping of names to values; "" asks for presence.
type conditions struct {
	p     *map[string]string
	of    string
	named func(string) bool
}

// Reset stores no condition.
func (c *conditions) Reset() { *c.p = nil }

// Takes returns the form in the words of the documentation.
func (c *conditions) Takes() string { return "mapping of " + c.of + " to values" }

// Clear makes the map empty.
func (c *conditions) Clear() { *c.p = nil }

// Names returns which names are taken.
func (c *conditions) Names() options.Shape { return options.Shape{Text: true} }

// Model returns a value.
func (c *conditions) Model() options.Value { return c.value("name") }

// NoValue returns the problem of a name without a value.
func (c *conditions) NoValue() string { return `has no value; write "" to ask for its presence` }

// At returns the value of a condition, which is stored when it is set; nil for a name that no field
// or key can have.
func (c *conditions) At(name string) (value options.Value, wrong string) {
	if !c.named(name) {
		return nil, fmt.Sprintf("got %q, which cannot be a name here", name)
	}
	return c.value(name), ""
}

func (c *conditions) value(name string) *options.Phrase {
	return &options.Phrase{
		Form:  "text",
		Later: true,
		Read: func(s string) (wrong string) {
			if strings.ContainsFunc(s, control) {
				return fmt.Sprintf("got %q, want text of one line", s)
			}
			if *c.p == nil {
				*c.p = make(map[string]string)
			}
			(*c.p)[name] = s
			return ""
		},
		Text:  func() (string, options.Style) { return (*c.p)[name], options.Quoted },
		Texts: options.Shape{Text: true, Empty: true},
	}
}

// All returns the conditions by name.
func (c *conditions) All() []options.Entry {
	var all []options.Entry
	for _, name := range slices.Sorted(maps.Keys(*c.p)) {
		all = append(all, options.Entry{Name: name, Value: c.value(name), Secret: options.SecretField(name)})
	}
	return all
}

// shape writes m so that equal conditions read the same.
func (m *Match) shape() string {
	var all []string
	for name, want := range m.Header {
		all = append(all, "h"+strconv.Quote(strings.ToLower(name))+strconv.Quote(want))
	}
	for name, want := range m.Query {
		all = append(all, "q"+strconv.Quote(name)+strconv.Quote(want))
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}
