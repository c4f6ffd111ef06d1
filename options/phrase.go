package options

// Phrase is a Scalar of functions, for a text that no other fits. Read must be set: Set calls it
// without a check.
type Phrase struct {
	Form    string                        // what Takes returns
	Read    func(text string) string      // as Scalar.Set
	Text    func() (text string, _ Style) // as Scalar.Get; nil is Absent
	Default func()                        // as Value.Reset; nil is nothing
	Texts   Shape                         // as Scalar.Shape
	Later   bool                          // a mapping in place of the text is not built yet
}

// Reset stores the default; without Default it does nothing.
func (p *Phrase) Reset() {
	if p.Default != nil {
		p.Default()
	}
}

// Takes returns the form in the words of the documentation.
func (p *Phrase) Takes() string { return p.Form }

// MappingLater reports whether a mapping in place of the text is not built yet.
func (p *Phrase) MappingLater() bool { return p.Later }

// Set stores what text says and returns the problem of an invalid text, else "".
func (p *Phrase) Set(text string) string { return p.Read(text) }

// Get returns the stored value; without Text it is Absent.
func (p *Phrase) Get() (string, Style) {
	if p.Text == nil {
		return "", Absent
	}
	return p.Text()
}

// Shape returns which texts Set takes.
func (p *Phrase) Shape() Shape { return p.Texts }

// Short returns a form of a section in place of its mapping, which is short for the
// key that s stores. It is never printed.
func Short(s Scalar) Scalar { return &Phrase{Form: s.Takes(), Read: s.Set, Texts: s.Shape()} }
