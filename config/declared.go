package config

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"penstock/options"
)

// declared reads v into the value of a key, in the form that it is written in.
func (d *decoder) declared(v value, to options.Value) {
	if d.full() {
		return
	}
	switch to := to.(type) {
	case options.Scalar:
		d.scalar(v, to)
	case options.List:
		d.items(v, to)
	case options.Map:
		d.entries(v, to)
	case *options.Sections:
		d.sections(v, to)
	case *options.Section:
		d.section(v, to)
	}
}

func (d *decoder) scalar(v value, to options.Scalar) {
	if d.later(v, to) {
		return
	}
	if w, ok := to.(interface{ Wants() string }); ok && (v.node.Kind != scalarNode || empty(v.node)) {
		d.problem(v, "got %s, want %s", kind(v.node), w.Wants())
		return
	}
	s, ok := d.text(v)
	if !ok {
		return
	}
	if f, ok := to.(interface{ In(folder string) }); ok {
		f.In(filepath.Dir(d.name))
	}
	if wrong := to.Set(s); wrong != "" {
		d.problem(v, "%s", wrong)
	}
}

// later notes a mapping that a value does not take yet.
func (d *decoder) later(v value, to options.Value) bool {
	l, ok := to.(interface{ MappingLater() bool })
	if !ok || !l.MappingLater() || v.node.Kind != mappingNode {
		return false
	}
	d.problem(v, "got a mapping, which is not built yet here; write text (in quotes when it starts with {)")
	return true
}

func (d *decoder) items(v value, to options.List) {
	if v.node.Kind == mappingNode {
		d.problem(v, "got a mapping, want a list")
		return
	}
	to.Clear()
	items, added := d.list(v), 0
	for _, item := range items {
		if d.full() {
			return
		}
		if d.later(item, to) {
			continue
		}
		s, ok := d.text(item)
		if !ok {
			continue
		}
		if wrong := to.Add(s); wrong != "" {
			d.problem(item, "%s", wrong)
			continue
		}
		added++
	}
	if wrong := to.Close(len(items), added); wrong != "" {
		d.problem(v, "%s", wrong)
	}
}

func (d *decoder) entries(v value, to options.Map) {
	pairs, ok := d.pairs(v)
	if !ok {
		return
	}
	to.Clear()
	for _, p := range pairs {
		if d.full() {
			return
		}
		d.entry(p, to)
	}
}

// entry reads one entry of a map.
func (d *decoder) entry(p pair, to options.Map) {
	at, wrong := to.At(p.key)
	if wrong != "" {
		d.problemAt(p.place, p.value.path, "%s", wrong)
	}
	if at == nil {
		return
	}
	if m, ok := to.(interface{ NoValue() string }); ok && empty(p.value.node) {
		d.problem(p.value, "%s", m.NoValue())
		return
	}
	if d.written(p.value) {
		d.declared(p.value, at)
	}
}

func (d *decoder) sections(v value, to *options.Sections) {
	var items []value
	switch {
	case v.node.Kind == sequenceNode:
		for i, n := range v.node.Content {
			items = append(items, d.value(n, index(v.path, i)))
		}
	case to.Single:
		items = []value{v}
	default:
		d.problem(v, "got %s, want %s", kind(v.node), to.Want)
		return
	}
	to.Clear()
	if len(items) == 0 && to.Empty != "" {
		d.problem(v, "%s", to.Empty)
	}
	for _, item := range items {
		if d.full() {
			return
		}
		known := len(d.problems)
		d.section(item, to.Add())
		if to.Added == nil || len(d.problems) > known {
			continue
		}
		if wrong := to.Added(); wrong != "" {
			d.problem(item, "%s", wrong)
		}
	}
}

// section reads a mapping, or another form that s declares for itself.
func (d *decoder) section(v value, s *options.Section) {
	if s.Begin != nil {
		s.Begin(v.node.Kind == mappingNode)
	}
	declared := d.declare(s, v.node)
	defer d.undeclare(declared)
	bare := !slices.ContainsFunc(declared, func(k options.Key) bool { return k.Name != "" })
	for _, k := range declared {
		if k.Name == "" && fits(v.node, k.Value, bare) {
			d.declared(v, k.Value)
			return
		}
	}
	if only := options.Only(declared); only != nil {
		d.declared(v, only)
		return
	}
	if v.node.Kind != mappingNode && s.Want != "" {
		d.problem(v, "got %s, want %s", kind(v.node), s.Want)
		return
	}
	pairs, ok := d.pairs(v)
	if !ok {
		return
	}
	if s.Anchors {
		pairs = slices.DeleteFunc(pairs, func(p pair) bool { return strings.HasPrefix(p.key, "x-") })
	}
	d.keys(v, pairs, declared)
	if s.Check != nil {
		s.Check(report{d, v})
	}
}

// declare returns what s declares, with the values of the keys that n has. The list is valid
// until undeclare, which the section that was declared last calls first: all sections of a
// file share one array. New lists and all values took two thirds of the time in which a file
// of 10,000 routes was read.
func (d *decoder) declare(s *options.Section, n *yaml.Node) []options.Key {
	from := len(d.declaredKeys)
	d.declaredKeys = s.AppendDeclared(d.declaredKeys, func(name string) bool { return mayHave(n, name) })
	return d.declaredKeys[from:]
}

// mayHave reports whether a mapping has a key, or merges others that may have it.
func mayHave(n *yaml.Node, key string) bool {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if k := n.Content[i]; k.Value == key || k.Kind != scalarNode || k.Tag == "!!merge" {
			return true
		}
	}
	return false
}

func (d *decoder) undeclare(keys []options.Key) {
	d.declaredKeys = d.declaredKeys[:len(d.declaredKeys)-len(keys)]
}

// fits reports whether the node is written in the form of a value that a section takes in place of
// its mapping. A bare section has no keys of its own.
func fits(n *yaml.Node, form options.Value, bare bool) bool {
	switch form := form.(type) {
	case options.Scalar:
		return n.Kind == scalarNode
	case options.List:
		return n.Kind == sequenceNode
	case *options.Sections:
		return n.Kind == sequenceNode || form.Single && bare && n.Kind == mappingNode
	case options.Map:
		return n.Kind == mappingNode
	}
	return false
}

// keys reads the pairs of a mapping in the order of the declaration and not of
// the file, so that a key may rely on those before it.
func (d *decoder) keys(v value, pairs []pair, declared []options.Key) {
	planned := func(p pair) bool {
		return slices.ContainsFunc(declared, func(k options.Key) bool { return slices.Contains(k.Later, p.key) })
	}
	if slices.ContainsFunc(pairs, planned) {
		d.planned[v.path] = true
	}
	for _, k := range declared {
		if k.Name == "" {
			continue
		}
		i := slices.IndexFunc(pairs, func(p pair) bool { return p.key == k.Name })
		switch {
		case i >= 0 && d.written(pairs[i].value):
			d.declared(pairs[i].value, k.Value)
		case i < 0 && k.Required && !d.planned[v.path]:
			d.problem(v, "has no %s", k.Name)
		}
	}
	for _, p := range pairs {
		named := func(k options.Key) bool { return k.Name == p.key && k.Name != "" }
		switch {
		case slices.ContainsFunc(declared, named):
		case planned(p):
			d.problemAt(p.place, p.value.path, "is not built yet")
		default:
			d.problemAt(p.place, p.value.path, "unknown key%s", hint(p.key, declared))
		}
		if d.full() {
			return
		}
	}
}

// hint returns a suggestion for a key that is not declared.
func hint(key string, declared []options.Key) string {
	var names []string
	var foreign, other string
	for _, k := range declared {
		switch {
		case k.Name != "":
			names = append(names, k.Name)
		case k.Foreign != nil:
			foreign = k.Foreign(key)
		case k.Unknown != nil:
			other = k.Unknown(key)
		}
	}
	return cmp.Or(foreign, options.DidYouMean(key, names), other)
}

// report is the options.Report of one section.
type report struct {
	d *decoder
	v value // the section
}

func (r report) path(key string) string {
	if key == "" || r.v.path == "" {
		return r.v.path + key
	}
	return r.v.path + "." + key
}

func (r report) Has(key string) bool {
	_, found := r.d.at[r.path(key)]
	return found
}

func (r report) Reported(key string) bool { return r.d.reported(r.path(key)) }

func (r report) Planned() bool { return r.d.planned[r.v.path] }

// at returns the key, or what the file has of the sections that hold it.
func (r report) at(key string) (place, string) {
	for ; key != ""; key = parent(key) {
		if p, found := r.d.at[r.path(key)]; found {
			return p, r.path(key)
		}
	}
	return r.v.place, r.v.path
}

func (r report) Problem(key, format string, args ...any) {
	p, path := r.at(key)
	r.d.problemAt(p, path, format, args...)
}

func (r report) Warn(key, format string, args ...any) {
	p, path := r.at(key)
	r.d.warningAt(p, path, format, args...)
}

// partReport is a report on a part of a section.
type partReport struct {
	options.Report
	part string
}

func (w partReport) key(key string) string { return strings.TrimSuffix(w.part+"."+key, ".") }

func (w partReport) Has(key string) bool { return w.Report.Has(w.key(key)) }

func (w partReport) Reported(key string) bool { return w.Report.Reported(w.key(key)) }

func (w partReport) Problem(key, format string, args ...any) {
	w.Report.Problem(w.key(key), format, args...)
}

func (w partReport) Warn(key, format string, args ...any) {
	w.Report.Warn(w.key(key), format, args...)
}
