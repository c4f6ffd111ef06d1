package rfc9111

// DefaultTarget is the field that replaces Cache-Control at a gateway when
// nothing else is configured (RFC 9213 §3.1).
const DefaultTarget = "CDN-Cache-Control"

// Targeted is what a targeted cache control field says, read as a dictionary
// structured field (RFC 9213 §2.1). The zero value is an absent field. Directives count only when
// Applies returns true.
type Targeted struct {
	Directives Directives
	lines      int
	failed     bool
}

// Parse adds one line of the field. A line that is no dictionary, or that gives a
// directive we know a value of the wrong type, spoils the whole field.
func (t *Targeted) Parse(line []byte) {
	t.lines++
	d := newDictionary(line)
	for m, more := d.next(); more; m, more = d.next() {
		t.failed = !t.Directives.set(m) || t.failed
	}
	t.failed = t.failed || d.failed
}

// Applies reports whether the field takes the place of Cache-Control and Expires:
// it is there, not empty, and valid (RFC 9213 §2.2).
func (t *Targeted) Applies() bool { return t.lines > 0 && !t.failed }

// set takes one member over; of a repeated key the last member counts (RFC 9651
// §4.2.2). False means that the type is wrong.
func (d *Directives) set(m member) bool {
	flag := d.flag(m.key)
	switch seconds := d.delta(m.key); {
	case seconds != nil:
		*seconds = Delta{0, deltaInvalid} // a negative number
		if n, ok := deltaSeconds(m.text); ok {
			*seconds = Delta{n, deltaValid}
		}
		return m.kind == integerKind
	case flag != nil && m.kind == stringKind && (flag == &d.NoCache || flag == &d.Private):
		*flag = !d.withhold(argument{m.text, quotedForm})
		return true
	case flag != nil:
		*flag = m.kind == trueKind
		return m.kind == trueKind || m.kind == falseKind
	}
	return true
}

// flag returns the directive of that key that takes no argument, nil when there is none.
func (d *Directives) flag(key []byte) *bool {
	switch directiveOf(key) {
	case noStore:
		return &d.NoStore
	case noCache:
		return &d.NoCache
	case private:
		return &d.Private
	case public:
		return &d.Public
	case mustRevalidate:
		return &d.MustRevalidate
	case proxyRevalidate:
		return &d.ProxyRevalidate
	case mustUnderstand:
		return &d.MustUnderstand
	case noTransform:
		return &d.NoTransform
	case immutable:
		return &d.Immutable
	}
	return nil
}

// delta returns the directive of that key that takes seconds, nil when there is none.
func (d *Directives) delta(key []byte) *Delta {
	switch directiveOf(key) {
	case maxAge:
		return &d.MaxAge
	case sMaxAge:
		return &d.SMaxAge
	case staleWhileRevalidate:
		return &d.StaleWhileRevalidate
	case staleIfError:
		return &d.StaleIfError
	}
	return nil
}

// choose returns the directives that govern a response: those of the first target
// that applies, else those of Cache-Control. targeted reports which it was.
func choose(f Fields, targets []string) (d Directives, targeted bool) {
	for _, target := range targets {
		var t Targeted
		for name, value, pos := f.Next(0); pos >= 0; name, value, pos = f.Next(pos) {
			if sameText(name, target) {
				t.Parse(value)
			}
		}
		if t.Applies() {
			return t.Directives, true
		}
	}
	for name, value, pos := f.Next(0); pos >= 0; name, value, pos = f.Next(pos) {
		if fieldOf(name) == cacheControl {
			d.Parse(value)
		}
	}
	return d, false
}

// sameText compares a field name with a configured one, ignoring the case of letters.
func sameText(name []byte, text string) bool {
	if len(name) != len(text) {
		return false
	}
	for i := range name {
		if lower(name[i]) != lower(text[i]) {
			return false
		}
	}
	return true
}
