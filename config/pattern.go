package config

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// SegmentKind is what one segment of a path pattern takes.
type SegmentKind uint8

// The kinds of segment.
const (
	Literal SegmentKind = iota // exactly Text
	Param                      // one segment, not empty, kept under the name Text
	Rest                       // all that follows, also nothing; always last; kept under Text unless that is empty
)

// Segment is one part of a path pattern between slashes. Kind says what Text is: the text itself or
// the name of a parameter.
type Segment struct {
	Kind SegmentKind
	Text string
}

// Pattern is a parsed path: "/a/*" is Literal "a", Rest "". "/" is one empty
// Literal, "/a/" is Literal "a" and an empty Literal. A Rest also matches the
// path before it without its slash: "/a/*" takes "/a".
type Pattern []Segment

// MaxParams is the largest number of parameters in one pattern.
const MaxParams = 8

// ParsePattern reads a route's path: "/a" exact, "/a/*" with everything below,
// "/a/{id}" one segment by name, "/a/{rest:*}" the rest by name. It returns nil and an
// error when path does not start with a slash, cannot be the path of a normalised request, has
// braces or a star in a part of a segment, a rest that is not last, a name that is not of letters,
// digits and "_" or begins with a digit, a name twice, or more than MaxParams names.
func ParsePattern(path string) (Pattern, error) {
	if !strings.HasPrefix(path, "/") {
		return nil, fmt.Errorf("got %q, want a path that starts with /, such as %q%s", path, "/api/*", noExpression(path))
	}
	parts := strings.Split(path[1:], "/")
	p := make(Pattern, 0, len(parts))
	seen := make(map[string]bool)
	for i, part := range parts {
		s, err := parseSegment(part)
		if err != nil {
			return nil, fmt.Errorf("%q: %w%s", path, err, wholeSegment(path))
		}
		if s.Kind == Rest && i != len(parts)-1 {
			return nil, fmt.Errorf("%q: %s must be the last segment", path, part)
		}
		if s.Kind != Literal && s.Text != "" {
			if seen[s.Text] {
				return nil, fmt.Errorf("%q: {%s} occurs twice", path, s.Text)
			}
			seen[s.Text] = true
		}
		p = append(p, s)
	}
	if len(seen) > MaxParams {
		return nil, fmt.Errorf("%q: %d parameters, at most %d are possible", path, len(seen), MaxParams)
	}
	return p, nil
}

// noExpression is said of what may be a regular expression.
func noExpression(path string) string {
	if strings.ContainsAny(path, "^~$()|") {
		return "; it is no regular expression"
	}
	return ""
}

func parseSegment(s string) (Segment, error) {
	if s == "*" {
		return Segment{Kind: Rest}, nil
	}
	if !strings.HasPrefix(s, "{") || !strings.HasSuffix(s, "}") {
		if i := strings.IndexAny(s, "{}*"); i >= 0 {
			return Segment{}, fmt.Errorf("%q in segment %q: {name} and * take a whole segment", s[i:i+1], s)
		}
		if i := strings.IndexFunc(s, notInPath); i >= 0 {
			return Segment{}, fmt.Errorf("character %q cannot stand in a path; write it percent-encoded", firstRune(s[i:]))
		}
		if err := normal(s); err != nil {
			return Segment{}, err
		}
		return Segment{Kind: Literal, Text: s}, nil
	}
	name, rest := strings.CutSuffix(s[1:len(s)-1], ":*")
	if !paramName(name) {
		return Segment{}, fmt.Errorf("parameter %q: want {name} or {name:*}, with a name of letters, digits and _", s)
	}
	if rest {
		return Segment{Kind: Rest, Text: name}, nil
	}
	return Segment{Kind: Param, Text: name}, nil
}

// wholeSegment is said of a path whose last segment ends with a star, as other programs have
// them.
func wholeSegment(path string) string {
	if text := strings.TrimRight(path, "*"); text != path && !strings.ContainsAny(text, "{}*") {
		return fmt.Sprintf("; write %q for all that is below", strings.TrimSuffix(text, "/")+"/*")
	}
	return ""
}

func firstRune(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	return s[:n]
}

// normal refuses a segment that no request's path has once it is normalised:
// dot segments are resolved, and needless percent-encoding is undone
// (RFC 3986 §6.2.2).
func normal(s string) error {
	if s == "." || s == ".." {
		return fmt.Errorf("segment %q is resolved before routes are matched", s)
	}
	for i := range len(s) {
		if s[i] != '%' {
			continue
		}
		code := s[i:min(i+3, len(s))]
		c, err := strconv.ParseUint(strings.TrimPrefix(code, "%"), 16, 8)
		switch {
		case err != nil || len(code) < 3:
			return fmt.Errorf("%q is not a percent-encoded byte", code)
		case unreserved(byte(c)) || strings.IndexByte("!$&'()+,;=:@", byte(c)) >= 0:
			return fmt.Errorf("%q is decoded before routes are matched; write %q", code, string(rune(c)))
		case c == 0:
			return fmt.Errorf("%q is refused in every request", code)
		case c == '/' || c == '\\':
			return fmt.Errorf("%q is no fixed text: take its segment with {name} and see the key paths", code)
		}
	}
	return nil
}

// unreserved reports the bytes that need no percent-encoding (RFC 3986 §2.3).
func unreserved(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0
}

// notInPath reports the characters that a request's path never has (RFC 3986 §3.3).
func notInPath(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune(`?#"<>\^`+"`|", r)
}

func paramName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9' || i == 0) {
			return false
		}
	}
	return s != ""
}

// Params returns the names of the pattern's parameters in order, a named Rest included and a Rest
// without a name not; nil when there are none.
func (p Pattern) Params() []string {
	var names []string
	for _, s := range p {
		if s.Kind != Literal && s.Text != "" {
			names = append(names, s.Text)
		}
	}
	return names
}
