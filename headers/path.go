package headers

import "bytes"

// PathRules says what is done to the parts of a path that readers understand
// differently. The zero value refuses them all; a nil *PathRules must not be used.
type PathRules struct {
	EncodedSlash   PathAction // %2F: Change makes a slash of it
	Backslash      PathAction // "\" and %5C: Change makes a slash of them
	DoubleEncoding PathAction // %25 before two hexadecimal digits: Refuse or Keep, which Change is too
	DotSegments    PathAction // "." and "..", encoded or not: Change resolves them, and Keep too: they are never kept
	DoubleSlash    PathAction // "//": Change merges them into one
}

// PathAction is one of the ways to treat a part of a path. The zero value is Refuse.
type PathAction uint8

// The actions.
const (
	Refuse PathAction = iota // the path is refused with a Problem
	Keep                     // it stays part of its segment, as any other character
	Change                   // it is put into its plain form, as PathRules says
)

// PathMarks says which ambiguous parts a path had, whatever was done to them.
// Zero means that every rule leads to the same normal form.
type PathMarks uint8

// The marks, one for each field of PathRules.
const (
	HasEncodedSlash PathMarks = 1 << iota
	HasBackslash
	HasDoubleEncoding
	HasDotSegments
	HasDoubleSlash
)

// NormalizePath is Normalize by the rules that a configuration has by default:
// encoded slashes and backslashes are refused, dot segments resolved, and what is
// encoded twice and empty segments stay. It is for paths of configurations. After a Problem the
// result must not be used.
func NormalizePath(dst, path []byte) ([]byte, Problem) {
	r := PathRules{DoubleEncoding: Keep, DotSegments: Change, DoubleSlash: Keep}
	dst, _, p := r.Normalize(dst, path)
	return dst, p
}

// Normalize appends the normal form of path to dst: the form that routes are matched
// against, cache keys are built from and policies see. It decodes percent-encoded
// unreserved characters once and writes other encodings with capital digits (RFC 3986
// §6.2.2); r decides about the rest. The normal form of the result is the result itself.
//
// path has no query, and dst must not overlap it. Characters that no URI has are for the caller to
// refuse. A path that does not begin with "/" is BadTarget, one that a rule refuses the Problem of
// that rule: EncodedSlash, Backslash, DoubleEncoding, DotSegment or DoubleSlash. With all rules
// Normalize refuses encoded NUL, broken encodings, segments such as "..;x", which are dot
// segments to servers with path parameters, and dot segments beside a slash or backslash
// that is kept, such as "..%2Fx". After a Problem the path and the marks in the result are not
// complete and must not be used.
func (r *PathRules) Normalize(dst, path []byte) ([]byte, PathMarks, Problem) {
	if len(path) == 0 || path[0] != '/' {
		return dst, 0, BadTarget
	}
	if plainPath(path) {
		return append(dst, path...), 0, NoProblem
	}
	w := pathWriter{rules: *r, dst: append(dst, '/'), root: len(dst)}
	w.begin()
	for i := 1; i < len(path); i++ {
		p := NoProblem
		switch c := path[i]; {
		case c == '%':
			if i+2 >= len(path) || !is(path[i+1], hexOctet) || !is(path[i+2], hexOctet) {
				return w.dst, w.marks, BadPercent
			}
			p = w.encoded(unhex(path[i+1])<<4 | unhex(path[i+2]))
			i += 2
		case c == '\\':
			p = w.backslash(`\`)
		case c == '/':
			p = w.slash()
		default:
			w.dst = append(w.dst, c)
		}
		if p != NoProblem {
			return w.dst, w.marks, p
		}
	}
	p := w.end()
	return w.dst, w.marks, p
}

// plainPath reports whether path is its own normal form under every rule, which
// holds for nearly all of them.
func plainPath(path []byte) bool {
	for i := 1; i < len(path); i++ {
		switch path[i] {
		case '%', '\\':
			return false
		case '/', '.':
			if path[i-1] == '/' {
				return false
			}
		}
	}
	return true
}

// pathWriter is a path that is being normalised.
type pathWriter struct {
	rules   PathRules
	dst     []byte
	marks   PathMarks
	root    int  // where the path begins in dst
	segment int  // where its current segment begins
	piece   int  // and in it what follows the latest slash or backslash that was kept
	percent bool // an encoded "%" was written
}

// begin starts a segment.
func (w *pathWriter) begin() { w.segment, w.piece = len(w.dst), len(w.dst) }

// encoded takes the octet of a triplet.
func (w *pathWriter) encoded(c byte) Problem {
	const digits = "0123456789ABCDEF"
	switch {
	case is(c, unreserved):
		w.dst = append(w.dst, c)
		return NoProblem
	case c == 0:
		return EncodedNUL
	case c == '/':
		w.marks |= HasEncodedSlash
		switch w.rules.EncodedSlash {
		case Refuse:
			return EncodedSlash
		case Change:
			return w.slash()
		}
		return w.keep("%2F")
	case c == '\\':
		return w.backslash("%5C")
	}
	w.percent = w.percent || c == '%'
	w.dst = append(w.dst, '%', digits[c>>4], digits[c&15])
	return NoProblem
}

func (w *pathWriter) backslash(text string) Problem {
	w.marks |= HasBackslash
	switch w.rules.Backslash {
	case Refuse:
		return Backslash
	case Change:
		return w.slash()
	}
	return w.keep(text)
}

// keep writes a separator that is none to us.
func (w *pathWriter) keep(text string) Problem {
	if w.hides() {
		return HiddenDots
	}
	w.dst = append(w.dst, text...)
	w.piece = len(w.dst)
	return NoProblem
}

// hides reports whether the current piece is a dot segment to a reader that takes
// the separators beside it for slashes.
func (w *pathWriter) hides() bool {
	s := w.dst[w.piece:]
	return isDots(s) || dotParameter(s)
}

// slash ends a segment.
func (w *pathWriter) slash() Problem {
	if len(w.dst) == w.segment {
		w.marks |= HasDoubleSlash
		switch w.rules.DoubleSlash {
		case Refuse:
			return DoubleSlash
		case Change:
			return NoProblem
		}
	}
	resolved, p := w.close()
	if p == NoProblem && !resolved {
		w.dst = append(w.dst, '/')
	}
	w.begin()
	return p
}

// end ends the last segment.
func (w *pathWriter) end() Problem {
	if _, p := w.close(); p != NoProblem {
		return p
	}
	if w.percent && encodedTwice(w.dst[w.root:]) {
		w.marks |= HasDoubleEncoding
		if w.rules.DoubleEncoding == Refuse {
			return DoubleEncoding
		}
	}
	return NoProblem
}

// close judges the current segment. resolved means that it was a dot segment and
// is gone, with the one before it for ".." (RFC 3986 §5.2.4): dst ends with a slash.
// Nothing climbs above the root.
func (w *pathWriter) close() (resolved bool, p Problem) {
	s := w.dst[w.segment:]
	switch {
	case w.piece > w.segment:
		if w.hides() {
			return false, HiddenDots
		}
		return false, NoProblem
	case dotParameter(s):
		return false, DotParameter
	case !isDots(s):
		return false, NoProblem
	}
	w.marks |= HasDotSegments
	if w.rules.DotSegments == Refuse {
		return false, DotSegment
	}
	w.dst = w.dst[:w.segment]
	if len(s) == 2 && w.segment > w.root+1 {
		w.dst = w.dst[:len(w.dst)-1]
		w.dst = w.dst[:bytes.LastIndexByte(w.dst, '/')+1]
	}
	return true, NoProblem
}

func isDots(segment []byte) bool {
	return len(segment) == 1 && segment[0] == '.' || len(segment) == 2 && segment[0] == '.' && segment[1] == '.'
}

// dotParameter reports whether a segment is a dot segment followed by parameters.
func dotParameter(segment []byte) bool {
	for i, c := range segment {
		if c == ';' {
			return isDots(segment[:i])
		}
		if c != '.' || i == 2 {
			return false
		}
	}
	return false
}

// encodedTwice reports whether decoding path once leaves a triplet.
func encodedTwice(path []byte) bool {
	for {
		at := bytes.Index(path, percentTriplet)
		if at < 0 || at+4 >= len(path) {
			return false
		}
		if is(path[at+3], hexOctet) && is(path[at+4], hexOctet) {
			return true
		}
		path = path[at+3:]
	}
}

var percentTriplet = []byte("%25")

// AppendDecoded appends segment with every percent-encoding decoded once, which may give any byte
// and a slash too; what is no valid encoding stays as it is. It never fails.
func AppendDecoded(dst, segment []byte) []byte {
	for i := 0; i < len(segment); i++ {
		c := segment[i]
		if c == '%' && i+2 < len(segment) && is(segment[i+1], hexOctet) && is(segment[i+2], hexOctet) {
			c = unhex(segment[i+1])<<4 | unhex(segment[i+2])
			i += 2
		}
		dst = append(dst, c)
	}
	return dst
}
