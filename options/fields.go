package options

import (
	"strings"
)

// Field is one header field to write.
type Field struct {
	Name  string // as written; case makes no difference
	Value string
}

// Redacted is printed in place of a secret. It is refused as a value.
const Redacted = "(set)"

// fields is a mapping of field names to values. Those of one name stand together.
type fields struct {
	p *[]Field
	limits
	seen map[string]bool
}

func (f *fields) Reset()       { *f.p = nil }
func (f *fields) Clear()       { *f.p, f.seen = nil, make(map[string]bool) }
func (f *fields) Names() Shape { return Shape{Pattern: TokenPattern} }
func (f *fields) Model() Value { return f.entry("X-Name", nil) }
func (f *fields) Takes() string {
	if f.has(many) {
		return "mapping of field names to a value or a list of values"
	}
	return "mapping of field names to a value"
}

func (f *fields) At(name string) (value Value, wrong string) {
	if _, wrong := FieldName(name); wrong != "" {
		return nil, got(name, "%s", wrong)
	}
	lower := strings.ToLower(name)
	if f.seen[lower] {
		wrong = "occurs twice; case makes no difference in a field name"
	}
	f.seen[lower] = true
	return f.entry(name, nil), wrong
}

// entry returns the value under name: a text or, where many are allowed, a list. run has the
// fields that are stored under it.
func (f *fields) entry(name string, run []Field) Value {
	one := &fieldValue{f.p, name, run}
	if !f.has(many) {
		return one
	}
	return &Section{Form: "text or list", Keys: func(k Keys) {
		k.Itself(one)
		k.Itself(&Items{
			Form: "list", Empty: func() {}, Append: one.Set, Each: one.Shape(),
			Texts: func() (all []string, _ Style) {
				for _, field := range run {
					all = append(all, field.Value)
				}
				return all, Quoted
			},
		})
	}}
}

func (f *fields) All() []Entry {
	var all []Entry
	for rest := *f.p; len(rest) > 0; {
		name, n := rest[0].Name, 1
		for n < len(rest) && rest[n].Name == name {
			n++
		}
		all = append(all, Entry{Name: name, Value: f.entry(name, rest[:n]), Secret: SecretField(name)})
		rest = rest[n:]
	}
	return all
}

// fieldValue is one value of the field name (RFC 9110 §5.5).
type fieldValue struct {
	p    *[]Field
	name string
	run  []Field
}

func (v *fieldValue) Reset()        {}
func (v *fieldValue) Takes() string { return "text" }
func (v *fieldValue) Shape() Shape  { return Shape{Text: true, Empty: true} }

func (v *fieldValue) Set(s string) string {
	inner := func(r rune) bool { return control(r) && r != '\t' }
	if strings.ContainsFunc(s, inner) || strings.Trim(s, " \t") != s {
		if SecretField(v.name) {
			s = Redacted
		}
		return got(s, "want one line without blanks around it")
	}
	*v.p = append(*v.p, Field{Name: v.name, Value: s})
	return ""
}

func (v *fieldValue) Get() (string, Style) {
	if len(v.run) != 1 {
		return "", Absent
	}
	return v.run[0].Value, Quoted
}
