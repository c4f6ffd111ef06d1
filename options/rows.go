package options

import "strings"

// Row is one line of a table of keys in the documentation.
type Row struct {
	Path    string // as Walk gives it
	Takes   string // form and meaning
	Default string // empty for a mapping whose keys have defaults of their own
	Restart bool   // a reload that would change the key is refused
}

// String writes the row in Markdown, as one line of a table without a newline.
func (r Row) String() string {
	reload := "yes"
	if r.Restart {
		reload = "restart"
	}
	standard := ""
	if r.Default != "" {
		standard = r.Default + " "
	}
	return "| `" + r.Path + "` | " + r.Takes + " | " + standard + "| " + reload + " |"
}

// Rows returns a row for every key below s. It stores defaults in what s declares.
func (s *Section) Rows() []Row {
	var rows []Row
	likes := make(map[string]string) // path of a section: where its defaults come from
	s.Walk(func(path string, k Key) {
		parent := path[:max(strings.LastIndexByte(path, '.'), 0)]
		if k.Like == "" && likes[parent] != "" {
			k.Like = likes[parent] + "." + k.Name
		}
		likes[path] = k.Like
		rows = append(rows, Row{Path: path, Takes: takes(k), Default: k.standard(), Restart: k.Restart})
	})
	return rows
}

// takes returns the form of the value and its meaning.
func takes(k Key) string {
	form := k.Value.Takes()
	switch {
	case k.Doc == "":
		return form
	case strings.HasPrefix(k.Doc, "of "), strings.HasPrefix(k.Doc, "that "), strings.HasPrefix(k.Doc, "whose "):
		return form + " " + k.Doc
	}
	return form + ": " + k.Doc
}

// standard returns the default in the words of the documentation.
func (k *Key) standard() string {
	switch {
	case k.Default != "":
		return k.Default
	case k.Like != "":
		return "as `" + k.Like + "`"
	case k.Required:
		return "required"
	}
	k.Value.Reset()
	return printed(k.Value)
}

// printed returns a value as it is printed, between backticks; "none" when it is
// absent and "" for a section that is a mapping.
func printed(v Value) string {
	text, style := "", Absent
	switch v := v.(type) {
	case Scalar:
		text, style = v.Get()
	case List:
		var items []string
		items, style = v.Get()
		text = "[" + strings.Join(items, ", ") + "]"
	case *Section:
		for _, k := range v.Declared() {
			if form, ok := k.Value.(Scalar); ok && k.Name == "" {
				if text, style = form.Get(); style != Absent {
					return "`" + text + "`"
				}
			}
		}
		return ""
	}
	if style == Absent {
		return "none"
	}
	return "`" + text + "`"
}
