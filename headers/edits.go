package headers

import "fmt"

// Pair is a field name with its value, as configuration writes it.
type Pair struct{ Name, Value string }

// Edits is a compiled list of changes to a field section. It is immutable and
// shared by all requests of a route. Apply of a nil *Edits, and of the zero value, changes nothing.
type Edits struct {
	set, add []Pair
	remove   []string
	fields   []Field // set, then add
	drop     []target
}

// target is a name whose fields are dropped; by ID when it is a known one.
type target struct {
	id   ID
	name string
}

// NewEdits compiles changes: remove drops all fields of a name, set replaces them
// by one, add appends one more, in this order; the case of names does not matter. A name that set
// has twice gets both fields. Fields that
// frame the message, belong to one connection or name the host are refused, and so are Via and
// CDN-Loop, names with "_" that backends may read as a guarded one (Lookalike), and values with
// control characters, because each of them would break the message or its routing; so are names
// that are no tokens. Then the Edits is nil and the error names the field. White space around a
// value is removed. It keeps the slices.
func NewEdits(set, add []Pair, remove []string) (*Edits, error) {
	e := &Edits{set: set, add: add, remove: remove}
	for _, name := range remove {
		if err := editable(name); err != nil {
			return nil, err
		}
		e.drop = append(e.drop, target{IDOf([]byte(name)), name})
	}
	for i, p := range append(set[:len(set):len(set)], add...) {
		if err := editable(p.Name); err != nil {
			return nil, err
		}
		value := trimOWS([]byte(p.Value))
		if at := valueLength(value); at != len(value) {
			return nil, fmt.Errorf("header %s: control character %#02x in the value", p.Name, value[at])
		}
		f := Field{Name: []byte(p.Name), Value: value, ID: IDOf([]byte(p.Name)), Ours: true}
		if i < len(set) {
			e.drop = append(e.drop, target{f.ID, p.Name})
		}
		e.fields = append(e.fields, f)
	}
	return e, nil
}

// editable returns an error when configuration must not touch the field.
func editable(name string) error {
	if n := []byte(name); len(n) == 0 || nameLength(n) != len(n) {
		return fmt.Errorf("header %q: not a field name", name)
	}
	id := IDOf([]byte(name))
	switch {
	case id == Host:
		return fmt.Errorf("header %s: the upstream decides what host is sent", name)
	case id == Lookalike:
		return fmt.Errorf("header %s: backends may read %q for %q in it", name, "-", "_")
	case hopByHop.has(id) || framing.has(id) || id == Via || id == CDNLoop:
		return fmt.Errorf("header %s: the gateway writes this field itself", name)
	}
	return nil
}

// Apply changes b; a nil e changes nothing. To apply edits once more, Restore b first: otherwise
// what add appends is there twice. It keeps no reference to b; b keeps slices of e.
func (e *Edits) Apply(b *Block) {
	if e == nil {
		return
	}
	for i := range e.drop {
		e.drop[i].apply(b)
	}
	for i := range e.fields {
		f := &e.fields[i]
		*b.next(f.ID) = *f
	}
}

func (t *target) apply(b *Block) {
	if t.id != Other && t.id != XForwarded {
		b.removed |= 1 << t.id
		if !b.seen.has(t.id) {
			return
		}
	}
	for i := range b.Fields {
		if f := &b.Fields[i]; f.ID == t.id && equalFold(f.Name, t.name) {
			f.Drop = true
		}
	}
}

// Removed returns the names to remove, Set the fields to replace and Added the
// fields to append, as given to NewEdits, for messages that are not a Block. They must not be
// changed. All three panic on a nil Edits.
func (e *Edits) Removed() []string { return e.remove }

// Set returns the fields that replace all of their name; see Removed.
func (e *Edits) Set() []Pair { return e.set }

// Added returns the fields that are appended; see Removed.
func (e *Edits) Added() []Pair { return e.add }
