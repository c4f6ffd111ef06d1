package rfc9111

// Demands is what a request's Cache-Control asks of caches (RFC 9111 §5.2.1). The
// zero value asks for nothing. A cache may disregard all of it; Decide looks at it
// only where the route honours it.
//
// An argument that cannot be read counts as the strictest one: no age, no
// staleness, more freshness than there can be.
type Demands struct {
	NoCache      bool  // §5.2.1.4, or Pragma: no-cache without any Cache-Control (§5.4)
	NoStore      bool  // §5.2.1.5
	NoTransform  bool  // §5.2.1.6
	OnlyIfCached bool  // §5.2.1.7
	AnyStale     bool  // max-stale without an argument (§5.2.1.2)
	MaxAge       Delta // §5.2.1.1
	MaxStale     Delta // §5.2.1.2
	MinFresh     Delta // §5.2.1.3; one that is Named but not Valid cannot be met
	StaleIfError Delta // RFC 5861 §4

	control bool // a Cache-Control line was there, so Pragma does not count
	pragma  bool // Pragma: no-cache was there
}

// Parse adds one Cache-Control line of a request to d. Unknown directives are skipped; a quoted
// string that does not end counts as no-cache.
func (d *Demands) Parse(line []byte) {
	d.control = true
	s := scanner{line: line}
	for s.next() {
		d.add(s.name, s.argument)
	}
	d.NoCache = d.NoCache || s.open
}

func (d *Demands) add(name []byte, a argument) {
	switch {
	case equalFold(name, "no-cache"):
		d.NoCache = true
	case equalFold(name, "no-store"):
		d.NoStore = true
	case equalFold(name, "no-transform"):
		d.NoTransform = true
	case equalFold(name, "only-if-cached"):
		d.OnlyIfCached = true
	case equalFold(name, "max-age"):
		d.MaxAge.add(a)
	case equalFold(name, "max-stale") && a.form == noForm:
		d.AnyStale = true
	case equalFold(name, "max-stale"):
		d.MaxStale.add(a)
	case equalFold(name, "min-fresh"):
		d.MinFresh.add(a)
	case equalFold(name, "stale-if-error"):
		d.StaleIfError.add(a)
	}
}

// ParsePragma adds one Pragma line; all that counts of it is no-cache, and that
// only where no Cache-Control is there (RFC 9111 §5.4). NoCache does not change before ReadRequest
// has read all lines.
func (d *Demands) ParsePragma(line []byte) {
	s := scanner{line: line}
	for s.next() {
		d.pragma = d.pragma || equalFold(s.name, "no-cache")
	}
}

// finish joins both fields once all lines have been read.
func (d *Demands) finish() { d.NoCache = d.NoCache || d.pragma && !d.control }
