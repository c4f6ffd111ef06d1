package config

import (
	"gopkg.in/yaml.v3"

	"penstock/options"
)

// printed writes the value of a key; nil when it is not printed.
func printed(v options.Value, secret bool) *node {
	switch v := v.(type) {
	case options.Scalar:
		text, style := v.Get()
		return printedText(text, style, secret)
	case options.List:
		items, style := v.Get()
		if style == options.Absent {
			return nil
		}
		n := flow(list())
		for _, text := range items {
			n.Content = append(n.Content, (*yaml.Node)(printedText(text, style, secret)))
		}
		return n
	case options.Map:
		return printedMap(v)
	case *options.Sections:
		if v.All == nil {
			return nil
		}
		n := list()
		for _, s := range v.All() {
			n.Content = append(n.Content, (*yaml.Node)(printedSection(s, secret)))
		}
		return n
	case *options.Section:
		return printedSection(v, secret)
	}
	return nil
}

func printedText(text string, style options.Style, secret bool) *node {
	switch {
	case style == options.Absent:
		return nil
	case secret && text != "":
		return free(redacted)
	case style == options.Plain:
		return plain(text)
	}
	return free(text)
}

func printedMap(m options.Map) *node {
	all := m.All()
	if all == nil {
		return nil
	}
	n := tree()
	if s, ok := m.Model().(*options.Section); !ok || !s.Block {
		flow(n)
	}
	for _, e := range all {
		if e.Plain {
			n.put(e.Name, printed(e.Value, e.Secret))
		} else {
			n.putText(e.Name, printed(e.Value, e.Secret))
		}
	}
	return n
}

// printedSection writes the form that the section has now; a mapping of nothing is
// not printed.
func printedSection(s *options.Section, secret bool) *node {
	if s.Hidden {
		return nil
	}
	n := tree()
	if !s.Block {
		flow(n)
	}
	for _, k := range s.Declared() {
		if k.Value == nil {
			continue
		}
		value := printed(k.Value, k.Secret || secret)
		switch {
		case value == nil:
		case k.Name == "":
			return value
		default:
			n.put(k.Name, value)
		}
	}
	if len(n.Content) == 0 {
		return nil
	}
	return n
}
