package options

import (
	"strings"
)

// Field is one header field to write.
type Field struct {
	Name  string // as written; case makes no difference
	Value string
}

// Redacted is what is shown in place of a secret. It is refused as a value.
const Redacted = "(set)"

// fields is a mapping of field names to values. Those of one name stand together.
type fields struct {
	p *[]Field
	limits
	seen []string
}

func (f *fields) Reset()       { *f.p = nil }
func (f *fields) Clear()       { *f.p, f.seen = nil, nil }
func (f *fields) Names() Shape { return Shape{Pattern: TokenPattern} }
func (f *fields) Model() Value { return f.entry("X-Name") }
func (f *fields) Takes() string {
	if f.has(many) {
		return "mapping of field names to a value or a list of values"
	}
	return "mapping of field names to a value"
}

func (f *fields) At(name string) (Value, string) {
	if _, wrong := FieldName(name); wrong != "" {
		return nil, got(name, "%s", wrong)
	}
	twice := Contains(f.seen, name)
	f.seen = append(f.seen, name)
	if twice {
		return f.entry(name), "stands twice; case makes no difference in a field name"
	}
	return f.entry(name), ""
}

// entry returns the value under name: a text or, where many are allowed, a list.
func (f *fields) entry(name string) Value {
	one := &fieldValue{f, name}
	if !f.has(many) {
		return one
	}
	return &Section{Form: "text or list", Keys: func(k Keys) {
		k.Itself(one)
		k.Itself(&Items{
			Form: "list", Empty: func() {}, Append: one.Set, Each: one.Shape(),
			Texts: func() ([]string, Style) { return f.values(name), Quoted },
		})
	}}
}

func (f *fields) values(name string) []string {
	var all []string
	for _, field := range *f.p {
		if field.Name == name {
			all = append(all, field.Value)
		}
	}
	return all
}

func (f *fields) All() []Entry {
	var all []Entry
	for i, field := range *f.p {
		if i == 0 || (*f.p)[i-1].Name != field.Name {
			all = append(all, Entry{Name: field.Name, Value: f.entry(field.Name), Secret: SecretField(field.Name)})
		}
	}
	return all
}

// fieldValue is one value of the field name (RFC 9110 §5.5).
type fieldValue struct {
	f    *fields
	name string
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
	*v.f.p = append(*v.f.p, Field{Name: v.name, Value: s})
	return ""
}

func (v *fieldValue) Get() (string, Style) {
	all := v.f.values(v.name)
	if len(all) != 1 {
		return "", Absent
	}
	return all[0], Quoted
}
