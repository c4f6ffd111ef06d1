package options

import "slices"

// Value is where the value of a key goes, and the form in which a file writes it:
// a Scalar, a List, a Map, a *Sections or a *Section.
type Value interface {
	// Reset stores the default.
	Reset()
	// Takes is the form in the words of the documentation: "duration or `off`".
	Takes() string
}

// Style is how a value is printed.
type Style uint8

// The styles of a printed value.
const (
	Absent Style = iota // not at all: it has no value, or one of another form
	Plain               // as it is
	Quoted              // in quotes, because it may be any text
)

// Scalar is a value that is written as one text.
type Scalar interface {
	Value
	// Set parses text and stores the value, or changes nothing and returns the
	// problem of the text: `got "x", want on or off`.
	Set(text string) (wrong string)
	// Get returns the stored value as text that Set takes; with Absent the text is not to be used.
	Get() (text string, style Style)
	// Shape returns which texts Set takes, as nearly as a schema can say it.
	Shape() Shape
}

// List is a value that is written as a list of texts. One text is a list
// of one, `off` for an empty list.
type List interface {
	Value
	// Clear makes the list empty. It must be called before the first Add, which may panic without
	// it.
	Clear()
	// Add appends an item, or changes nothing and returns its problem.
	Add(text string) (wrong string)
	// Close follows the last Add and returns the problem of the whole list. The
	// file has written items, of which added were added.
	Close(written, added int) (wrong string)
	// Get returns the items as texts that Add takes; with Absent they are not to be used. The slice
	// may be the stored one and must not be changed.
	Get() (items []string, style Style)
	// Shape returns which texts Add takes.
	Shape() Shape
}

// Entry is one entry of a Map.
type Entry struct {
	Name   string
	Value  Value
	Secret bool // the value is not shown
	Plain  bool // the name needs no quotes
}

// Map is a mapping whose keys are names that the file chooses.
type Map interface {
	Value
	// Clear makes the map empty. It must be called before the first At, which may panic without it.
	Clear()
	// At adds an entry, at the latest when its value is set, and returns the value, which is read
	// next; a nil value is not read. wrong is the problem of the name, "" for none; there may be a
	// value in spite of it.
	At(name string) (value Value, wrong string)
	// All returns the entries in the order in which they are printed; nil when
	// the map is not printed at all.
	All() []Entry
	// Model returns a value such as At returns, for walks without a file.
	Model() Value
	// Names returns which names At takes.
	Names() Shape
}

// Sections is a list of mappings, each with the same keys. Clear, Add and Model must be set.
type Sections struct {
	Form  string            // what Takes returns
	Clear func()            // makes the list empty
	Add   func() *Section   // starts an element and returns its keys
	Model func() *Section   // the keys of an element, for walks without a file
	All   func() []*Section // those that are there, to be printed; nil prints nothing
	Want  string            // what a message asks for in place of another form
	// Added follows an element without a problem of its own and returns its
	// conflict with the other elements; nil means that there are none.
	Added func() (wrong string)
	// Empty is the problem of an empty list; "" allows it.
	Empty string
	// Single has one element stand for a list of one.
	Single bool
}

// Reset makes the list empty.
func (s *Sections) Reset() { s.Clear() }

// Takes returns the form in the words of the documentation.
func (s *Sections) Takes() string { return s.Form }

// Section is a mapping with known keys. It may be written in other forms too:
// those that Keys declares with Keys.Itself. The field Keys must be set: methods call it without a
// check.
type Section struct {
	Form    string             // what Takes returns; empty is "mapping"
	Keys    func(Keys)         // declares the keys; called again for each walk
	Begin   func(mapping bool) // called before anything is read into it; nil is nothing
	Check   func(Report)       // called after a mapping was read; nil is nothing
	Default func()             // stores the default; nil resets every key
	Want    string             // what a message asks for in place of a form that is not declared
	Block   bool               // printed with a line for each key
	Hidden  bool               // not printed
	Anchors bool               // keys that begin with "x-" hold anchors and are not read
}

// Reset stores the default: by Default, or without it that of each key.
func (s *Section) Reset() {
	if s.Default != nil {
		s.Default()
		return
	}
	s.Keys(Keys{visit: reset})
}

func reset(k Key) {
	if k.Name != "" {
		k.Value.Reset()
	}
}

// Takes returns the form in the words of the documentation.
func (s *Section) Takes() string {
	switch only := Only(s.Declared()); {
	case s.Form != "":
		return s.Form
	case only != nil:
		return only.Takes()
	}
	return "mapping"
}

// named reports whether the section has keys.
func (s *Section) named() bool {
	return slices.ContainsFunc(s.Declared(), func(k Key) bool { return k.Name != "" })
}

// Only returns the one form that a section without keys has, of what Declared returned:
// the key of a policy may have a text as its value. It is nil for a section with keys, or with
// several forms.
func Only(all []Key) Value {
	if len(all) == 1 && all[0].Name == "" {
		return all[0].Value
	}
	return nil
}

// Declared returns what Keys declares, in that order. A Key without a name is
// another form of the section itself.
func (s *Section) Declared() []Key { return s.AppendDeclared(nil, nil) }

// AppendDeclared appends what Declared returns to all. If wants is not nil, keys for which it
// returns false may have a Name and Required alone.
func (s *Section) AppendDeclared(all []Key, wants func(name string) bool) []Key {
	s.Keys(Keys{visit: func(k Key) { all = append(all, k) }, wants: wants})
	return all
}

// Report takes problems between the keys of a section. Names of keys are relative to the
// section: "base", "headers.request"; "" is the section itself.
type Report interface {
	// Has reports whether the file has the key.
	Has(key string) bool
	// Reported reports whether a problem at the key or below it is known.
	Reported(key string) bool
	// Planned reports whether the section has a key that is not built yet, which may be meant
	// to give what it lacks.
	Planned() bool
	// Problem reports a problem at the place of the key, else of the nearest key around it that
	// the file has, else of the section.
	Problem(key, format string, args ...any)
	// Warn reports, at the same place as Problem, a setting that is valid but probably not
	// intended. It does not make the file invalid.
	Warn(key, format string, args ...any)
}
