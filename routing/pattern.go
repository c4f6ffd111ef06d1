package routing

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"penstock/headers"
)

// MaxParams is the largest number of named segments in one path pattern.
const MaxParams = 8

// SegmentKind is the kind of a segment of a path pattern. The zero value is Fixed.
type SegmentKind uint8

// The kinds of segment.
const (
	Fixed     SegmentKind = iota // accepts one segment that equals Text when both are decoded; case-sensitive
	Parameter                    // accepts one segment that is not empty, and captures it as Text
	Rest                         // accepts all that follows, also nothing; always last; captures it as Text unless Text is empty
)

// Segment is the part of a path pattern between two slashes.
type Segment struct {
	Kind SegmentKind
	Text string // the text of a Fixed, percent-encoded or not, without a slash; the name of the others
}

// Path is a path pattern: "/a/{id}" is Fixed "a", Parameter "id". "/" is one empty Fixed,
// "/a/" is Fixed "a" and an empty Fixed. A Rest also accepts the path before it without
// its slash: "/a/*" accepts "/a". New refuses a Path without segments.
type Path []Segment

// String returns the pattern as it is written in a configuration: "/a/{id}/*"; "" without
// segments.
func (p Path) String() string {
	var b strings.Builder
	for _, s := range p {
		b.WriteByte('/')
		switch {
		case s.Kind == Parameter:
			b.WriteString("{" + s.Text + "}")
		case s.Kind == Rest && s.Text == "":
			b.WriteByte('*')
		case s.Kind == Rest:
			b.WriteString("{" + s.Text + ":*}")
		default:
			b.WriteString(s.Text)
		}
	}
	return b.String()
}

// compile checks the pattern and returns it with its fixed text decoded, because the
// matcher compares decoded segments.
func (p Path) compile() (Path, error) {
	if len(p) == 0 {
		return nil, errors.New("a pattern needs at least one segment")
	}
	rules := headers.PathRules{DoubleEncoding: headers.Keep, DoubleSlash: headers.Keep}
	decoded := slices.Clone(p)
	named := 0
	for i, s := range p {
		switch {
		case s.Kind == Rest && i != len(p)-1:
			return nil, fmt.Errorf("%q: the rest must be the last segment", p)
		case s.Kind == Parameter || s.Kind == Rest && s.Text != "":
			named++
		case s.Kind == Fixed && strings.Contains(s.Text, "/"):
			return nil, fmt.Errorf("%q: segment %q contains a slash", p, s.Text)
		case s.Kind == Fixed:
			text, _, problem := rules.Normalize(nil, []byte("/"+s.Text))
			if problem != headers.NoProblem {
				return nil, fmt.Errorf("%q matches no request: %v in segment %q", p, problem, s.Text)
			}
			decoded[i].Text = string(headers.AppendDecoded(nil, text[1:]))
		}
	}
	if named > MaxParams {
		return nil, fmt.Errorf("%q: %d parameters, at most %d are possible", p, named, MaxParams)
	}
	return decoded, nil
}

// surrounds reports whether p ends in a rest that accepts every path of other, so that
// other is an exception from p.
func (p Path) surrounds(other Path) bool {
	last := len(p) - 1
	if last < 0 || p[last].Kind != Rest || len(other) < last {
		return false
	}
	for i, s := range p[:last] {
		o := other[i]
		if s.Kind != o.Kind || s.Kind == Fixed && s.Text != o.Text {
			return false
		}
	}
	return true
}
