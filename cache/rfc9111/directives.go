package rfc9111

import "time"

// maxDelta is where delta-seconds saturate, in seconds (RFC 9111 §1.2.2).
const maxDelta = 1 << 31

// Delta is the argument of a directive that takes seconds. The zero value means
// that the directive is not there. One that cannot be read, or that is repeated
// with another value, is there but invalid, and counts as no time at all
// (RFC 9111 §4.2.1).
type Delta struct {
	seconds uint32
	state   deltaState
}

type deltaState uint8

const (
	deltaAbsent deltaState = iota
	deltaValid
	deltaInvalid
)

// Named reports whether the directive is there, readable or not.
func (d Delta) Named() bool { return d.state != deltaAbsent }

// Valid reports whether the directive is there and readable.
func (d Delta) Valid() bool { return d.state == deltaValid }

// Span returns the argument, at most 2^31 seconds; zero when it is absent or invalid.
func (d Delta) Span() time.Duration { return time.Duration(d.seconds) * time.Second }

// add notes one more occurrence of the directive.
func (d *Delta) add(a argument) {
	seconds, ok := deltaSeconds(a.value)
	if a.form != tokenForm && a.form != quotedForm {
		ok = false
	}
	if !ok || d.state == deltaInvalid || d.state == deltaValid && d.seconds != seconds {
		*d = Delta{0, deltaInvalid}
		return
	}
	*d = Delta{seconds, deltaValid}
}

// deltaSeconds reads 1*DIGIT, saturating (RFC 9111 §1.2.2).
func deltaSeconds(b []byte) (seconds uint32, ok bool) {
	if len(b) == 0 {
		return 0, false
	}
	var n uint64
	for _, c := range b {
		if !isDigit(c) {
			return 0, false
		}
		n = min(n*10+uint64(c-'0'), maxDelta)
	}
	return uint32(n), true
}

// maxWithheld bounds the lists of field names that are kept apart; one more makes
// the directive count as if it had no list, which is stricter.
const maxWithheld = 4

// Directives is what a response's Cache-Control, or a targeted field in its place,
// says (RFC 9111 §5.2.2). The zero value says nothing. It points into the field
// values it was read from.
//
// A directive that forbids something counts however it is spelled; one that
// permits something must be spelled as specified. A list of fields counts only in quotes, and of
// all lists of a response only four do: any other is taken for no list.
type Directives struct {
	NoStore         bool // §5.2.2.5
	NoCache         bool // §5.2.2.4, without a list of fields
	Private         bool // §5.2.2.7, without a list of fields
	Public          bool // §5.2.2.9
	MustRevalidate  bool // §5.2.2.2
	ProxyRevalidate bool // §5.2.2.8
	MustUnderstand  bool // §5.2.2.3
	NoTransform     bool // §5.2.2.6
	Immutable       bool // RFC 8246 §2
	Malformed       bool // a quoted string does not end; what it hides is unknown

	MaxAge               Delta // §5.2.2.1
	SMaxAge              Delta // §5.2.2.10
	StaleWhileRevalidate Delta // RFC 5861 §3
	StaleIfError         Delta // RFC 5861 §4

	withheld      [maxWithheld][]byte // field names of no-cache="..." and private="..."
	withheldLists uint8
}

// Parse adds one Cache-Control line to d. Directives add up over lines; names
// are compared in any case and unknown directives are skipped (RFC 9111 §5.2).
// An argument may be a token or a quoted string, with no space around "=". It never fails: see
// Malformed and Delta for what cannot be read. d keeps line.
func (d *Directives) Parse(line []byte) {
	s := scanner{line: line}
	for s.next() {
		d.add(s.name, s.argument)
	}
	d.Malformed = d.Malformed || s.open
}

func (d *Directives) add(name []byte, a argument) {
	switch directiveOf(name) {
	case noStore:
		d.NoStore = true
	case noCache:
		d.NoCache = d.NoCache || !d.withhold(a)
	case private:
		d.Private = d.Private || !d.withhold(a)
	case public:
		d.Public = d.Public || a.form == noForm
	case mustRevalidate:
		d.MustRevalidate = true
	case proxyRevalidate:
		d.ProxyRevalidate = true
	case mustUnderstand:
		d.MustUnderstand = d.MustUnderstand || a.form == noForm
	case noTransform:
		d.NoTransform = true
	case immutable:
		d.Immutable = d.Immutable || a.form == noForm
	case maxAge:
		d.MaxAge.add(a)
	case sMaxAge:
		d.SMaxAge.add(a)
	case staleWhileRevalidate:
		d.StaleWhileRevalidate.add(a)
	case staleIfError:
		d.StaleIfError.add(a)
	}
}

// withhold keeps the list of field names of a directive; false means that there is
// none that can be kept, so that the directive binds the whole response. A list
// must be quoted, as senders have to write it.
func (d *Directives) withhold(a argument) bool {
	if a.form != quotedForm || int(d.withheldLists) == maxWithheld || !isNameList(a.value) {
		return false
	}
	d.withheld[d.withheldLists] = a.value
	d.withheldLists++
	return true
}

// isNameList reports whether b is a comma-separated list of at least one token.
func isNameList(b []byte) bool {
	named := false
	for i := 0; i < len(b); i++ {
		i = skipSpace(b, i)
		end := tokenEnd(b, i)
		named = named || end > i
		if i = skipSpace(b, end); i < len(b) && b[i] != ',' {
			return false
		}
	}
	return named
}

// Withholds reports whether the response forbids to reuse this field, by
// no-cache="..." or private="..." (RFC 9111 §5.2.2.4, §5.2.2.7). Such a field is
// not stored (§3.1). The case of name does not matter.
func (d *Directives) Withholds(name []byte) bool {
	for _, list := range d.withheld[:d.withheldLists] {
		if listNames(list, name) {
			return true
		}
	}
	return false
}

// directive is a response directive that the rules know.
type directive uint8

const (
	unknownDirective directive = iota
	immutable
	maxAge
	mustRevalidate
	mustUnderstand
	noCache
	noStore
	noTransform
	private
	proxyRevalidate
	public
	sMaxAge
	staleIfError
	staleWhileRevalidate
	directiveCount
)

var directiveText = [directiveCount]string{
	immutable: "immutable", maxAge: "max-age", mustRevalidate: "must-revalidate", mustUnderstand: "must-understand",
	noCache: "no-cache", noStore: "no-store", noTransform: "no-transform", private: "private",
	proxyRevalidate: "proxy-revalidate", public: "public", sMaxAge: "s-maxage", staleIfError: "stale-if-error",
	staleWhileRevalidate: "stale-while-revalidate",
}

func directiveOf(name []byte) directive {
	for d := immutable; d < directiveCount; d++ {
		if equalFold(name, directiveText[d]) {
			return d
		}
	}
	return unknownDirective
}
