package options

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Shape says which texts a value takes, as nearly as a schema can: those of any field that is set.
// The zero value takes none but a text with a variable.
type Shape struct {
	Words     []string // one of these
	Pattern   string   // a regular expression for all of the text
	Text      bool     // any text but the empty one; beside it only Empty counts
	Empty     bool     // with Text: the empty text too
	Number    bool     // a whole number from Low to High
	Low, High int64
	Auto      bool // `auto` too
	On, Off   bool // `on` or `true`, and `off` or `false`, too
}

// The patterns of values with a unit, of statuses, and of tokens. They have no anchors, because
// Shape.Pattern is for all of a text. They describe the form and not the bounds: SharePattern takes
// 900% too, and StatusPattern 504-502.
const (
	DurationPattern = `[0-9]+(\.[0-9]*)?(h|m|s|ms|us|µs|ns)([0-9.]+(h|m|s|ms|us|µs|ns))*`
	SizePattern     = `[0-9]+(TiB|GiB|MiB|KiB|B)`
	SharePattern    = `[0-9]{1,9}(\.[0-9]{1,4})?%`
	FlowPattern     = SizePattern + `/s`
	RatePattern     = `[0-9]{1,9}(\.[0-9]{1,4})?/s`
	StatusPattern   = `[1-5](xx|[0-9][0-9](-[1-5][0-9][0-9])?)`
	TokenPattern    = "[-._~!#$%&'*+^`|0-9A-Za-z]+"
)

// schema is a part of a JSON Schema.
type schema = map[string]any

// Schema returns a JSON Schema (draft 7) of a file whose top is s. It knows names,
// types, units and enumerations; what keys mean together it does not know. A text
// with a variable is valid for every Scalar and item of a List. It calls Clear and Close of the
// lists that s declares, so that they are empty afterwards. The error is that of package json,
// which has none for what this package builds.
func (s *Section) Schema(title string) ([]byte, error) {
	top := s.mapping()
	top["$schema"] = "http://json-schema.org/draft-07/schema#"
	top["title"] = title
	top["definitions"] = schema{
		"variable": schema{"type": "string", "pattern": `\$\{`},
		"on":       schema{"enum": []any{"on", true}},
		"off":      schema{"enum": []any{"off", false}},
		"switch":   schema{"enum": []any{"on", "off", true, false}},
		"duration": textOf(DurationPattern),
		"size":     textOf(SizePattern),
		"share":    textOf(SharePattern),
		"rate":     textOf(RatePattern),
	}
	text, err := json.MarshalIndent(top, "", "  ")
	return append(text, '\n'), err
}

func textOf(pattern string) schema { return schema{"type": "string", "pattern": "^(" + pattern + ")$"} }

func reference(name string) schema { return schema{"$ref": "#/definitions/" + name} }

// any returns a schema that one of all suffices for.
func anyOf(all []schema) schema {
	if len(all) == 1 {
		return all[0]
	}
	return schema{"anyOf": all}
}

// schema returns the schemas of which a text has to match one.
func (h Shape) schemas() []schema {
	var all []schema
	if h.Text {
		all = append(all, schema{"type": []string{"string", "number", "boolean"}, "minLength": 1})
		if h.Empty {
			delete(all[0], "minLength")
		}
		return all
	}
	if h.Words != nil {
		all = append(all, schema{"enum": wordsAndNumbers(h.Words)})
	}
	if h.Number {
		all = append(all, schema{"type": "integer", "minimum": h.Low, "maximum": h.High})
	}
	units := map[string]string{DurationPattern: "duration", SizePattern: "size", SharePattern: "share", RatePattern: "rate"}
	switch {
	case units[h.Pattern] != "":
		all = append(all, reference(units[h.Pattern]))
	case h.Pattern != "":
		all = append(all, textOf(h.Pattern))
	}
	switch {
	case h.On && h.Off:
		all = append(all, reference("switch"))
	case h.On:
		all = append(all, reference("on"))
	case h.Off:
		all = append(all, reference("off"))
	}
	if h.Auto {
		all = append(all, schema{"const": "auto"})
	}
	return append(all, reference("variable"))
}

// wordsAndNumbers returns words, and as numbers those that YAML takes for numbers.
func wordsAndNumbers(words []string) []any {
	var all []any
	for _, w := range words {
		all = append(all, w)
		if n, err := strconv.Atoi(w); err == nil {
			all = append(all, n)
		}
	}
	return all
}

// schemasOf returns the schemas of which a value has to match one.
func schemasOf(v Value) []schema {
	switch v := v.(type) {
	case Scalar:
		return v.Shape().schemas()
	case List:
		return listSchemas(v)
	case Map:
		s := schema{"type": "object", "additionalProperties": anyOf(schemasOf(v.Model()))}
		if names := v.Names(); names.Pattern != "" {
			s["propertyNames"] = anyOf(names.schemas())
		}
		return []schema{s}
	case *Sections:
		item := anyOf(schemasOf(v.Model()))
		list := schema{"type": "array", "items": item}
		if v.Empty != "" {
			list["minItems"] = 1
		}
		if v.Single {
			return []schema{list, item}
		}
		return []schema{list}
	case *Section:
		return v.schemas()
	}
	return nil
}

// listSchemas returns those of a list, of one item in its place, and of `off`.
func listSchemas(l List) []schema {
	item := l.Shape().schemas()
	list := schema{"type": "array", "items": anyOf(item)}
	if u, ok := l.(interface{ Unique() bool }); ok && u.Unique() {
		list["uniqueItems"] = true
	}
	l.Clear()
	if l.Close(0, 0) != "" {
		list["minItems"] = 1
		return append([]schema{list}, item...)
	}
	return append(append([]schema{list}, item...), reference("off"))
}

// schemas returns those of a section in each of its forms.
func (s *Section) schemas() []schema {
	var all []schema
	keys := false
	for _, k := range s.Declared() {
		switch {
		case k.Name != "":
			keys = true
		case k.Value != nil:
			all = append(all, schemasOf(k.Value)...)
		}
	}
	if keys {
		all = append(all, s.mapping())
	}
	return all
}

// mapping returns the schema of a section as a mapping.
func (s *Section) mapping() schema {
	properties := schema{}
	var required []string
	for _, k := range s.Declared() {
		if k.Name == "" {
			continue
		}
		one := anyOf(schemasOf(k.Value))
		if one["$ref"] != nil { // draft 7 takes nothing beside a reference
			one = schema{"allOf": []schema{one}}
		}
		one["description"] = strings.ReplaceAll(takes(k), "`", "")
		if k.Required || k.Default == "required" {
			required = append(required, k.Name)
		}
		properties[k.Name] = one
	}
	m := schema{"type": "object", "properties": properties, "additionalProperties": false}
	if s.Anchors {
		m["patternProperties"] = schema{"^x-": schema{"description": "for anchors; not read"}}
	}
	if required != nil {
		m["required"] = required
	}
	return m
}
