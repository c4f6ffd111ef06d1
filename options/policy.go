package options

// Declarer declares its keys: a section or a policy. Keys is called anew for each walk, so it may
// declare other keys when fields have changed, and stores nothing itself.
type Declarer interface{ Keys(Keys) }

// Checker is a Declarer whose keys have to fit together. Check is called after the keys of a
// mapping were read, also when some were refused, and reports what does not fit; it may correct
// fields. It is not called for another form, nor for a section that the file does not have. Only
// SectionOf looks for it: Keys.Section does not.
type Checker interface{ Check(Report) }

// Describer is a Declarer that says more of its section than its keys, such as its form in
// the words of the documentation. Only SectionOf looks for it: Keys.Section does not.
type Describer interface{ Describe(*Section) }

// SectionOf returns the section whose keys d declares. When d is a Checker,
// Check is called after the keys of a mapping were read; when it is a Describer, Describe is
// called at once. d must not be nil.
func SectionOf(d Declarer) *Section {
	s := &Section{Keys: d.Keys}
	if c, ok := d.(Checker); ok {
		s.Check = c.Check
	}
	if d, ok := d.(Describer); ok {
		d.Describe(s)
	}
	return s
}

// Policy is one line of the table of policies: a key of a route, whose value is
// declared by what New returns.
type Policy struct {
	Name    string          // of the key
	New     func() Declarer // returns a new instance, before its keys are read; nil while it is not built yet
	Doc     string          // for the documentation
	Default string          // the default in the words of the documentation; empty is "none"
	Routes  Routes          // which routes may have it

	// General is New for a key of the same name at the top of a file, which is for all routes; nil
	// when there is none. GeneralDoc is its documentation.
	General    func() Declarer
	GeneralDoc string
}

// Routes says which routes may have a policy. The zero value is AllRoutes.
type Routes uint8

// The kinds of routes.
const (
	AllRoutes  Routes = iota
	Responding        // the policy makes the response: such a route has no upstream
	Forwarding        // those with an upstream
)

// Route describes the route of a policy to the policy.
type Route struct {
	Path     string                // as written; empty when it is not valid
	Params   []string              // the names that the path captures
	Responds string                // the key by which the route responds without an upstream; empty for none
	General  Declarer              // what the file says for all routes under the key of the policy; nil for nothing
	Has      func(key string) bool // reports whether the file has a key of the route
}

// Compiler is a policy that has to fit its route, or is turned into a form that serves
// requests. Compile is called once, after all keys of the route were read and before
// anything uses the policy; also when a key was refused, which Report.Reported shows, and when only
// the top of the file names the policy. On a route that the policy may not be on it is not called.
type Compiler interface{ Compile(Report, Route) }
