package options

import (
	"strings"
)

// Walk calls visit for every key below s in the order of its declaration, a section
// before its keys, with the path of each, such as "routes[].retry.times" and
// "upstreams.*.pool.max". `[]` is an element of a list, `*` a name that the file
// chooses; the names of header fields and the like have no path of their own.
// Keys that are not built yet are left out. Below a list or such a name, keys are those of the
// Model and have no values of the file.
func (s *Section) Walk(visit func(path string, k Key)) { walk(s, "", visit) }

func walk(v Value, path string, visit func(string, Key)) {
	switch v := v.(type) {
	case *Section:
		for _, k := range v.Declared() {
			switch {
			case k.Value == nil:
			case k.Name == "":
				if inner, ok := k.Value.(*Sections); ok && !v.named() {
					walk(inner, path, visit) // with keys, they would be the elements that one of those is short for
				}
			default:
				below := strings.TrimPrefix(path+"."+k.Name, ".")
				visit(below, k)
				walk(k.Value, below, visit)
			}
		}
	case *Sections:
		walk(v.Model(), path+"[]", visit)
	case Map:
		walk(v.Model(), path+".*", visit)
	}
}

// Changed returns the paths of the keys with the rule Restart whose values differ between two
// instances of a declaration, in the order of new; nil when there are none. A key that old does not
// declare counts as empty. Keys that only old declares, the elements of lists of mappings and of
// maps, and sections as a whole, apart from their keys, are not compared. It changes neither.
func Changed(old, new *Section) []string {
	before := make(map[string]string)
	old.Walk(func(path string, k Key) { before[path] = written(k.Value) })
	var changed []string
	new.Walk(func(path string, k Key) {
		if k.Restart && before[path] != written(k.Value) {
			changed = append(changed, path)
		}
	})
	return changed
}

// written is the value of a key as one text; empty for a section.
func written(v Value) string {
	switch v := v.(type) {
	case Scalar:
		text, _ := v.Get()
		return text
	case List:
		items, _ := v.Get()
		return strings.Join(items, "\n")
	}
	return ""
}
