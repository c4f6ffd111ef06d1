package policy

import (
	"fmt"
	"slices"
	"strings"

	"penstock/exchange"
)

// Template is a compiled target of a rewrite or a redirect: fixed text with the
// route's parameters in between, such as "/v2/orders/{id}". It is immutable.
//
// The result is a valid URI reference for all values of the parameters: they come
// from the normalised path and are percent-encoded again where they need it, so no
// control, space or byte beyond ASCII gets out, no parameter can add a query or a
// key to one, and none can turn a path into the name of another host.
type Template struct {
	parts    []part
	hasQuery bool // the fixed text has a "?"
	isPath   bool // begins with "/": the result is kept from beginning with "//"
}

// part is fixed text, then perhaps a parameter.
type part struct {
	text  string
	param string // "" for none
	query bool   // the parameter comes after the "?"
}

// NewTemplate compiles text. params are the names that the route's path captures.
// text is a path, or an http or https URL whose host is fixed. It returns nil and an error for any
// other text, an unknown parameter or one in the host, characters that a target cannot have, a
// brace without its other one, and a % that encodes no byte. It does not check the host of a URL
// further.
func NewTemplate(text string, params []string) (*Template, error) {
	authority, isPath := hostEnd(text)
	if authority < 0 {
		return nil, fmt.Errorf("%q: want a path that starts with / or an http:// or https:// URL", text)
	}
	if at := strings.IndexFunc(text, notInTarget); at >= 0 {
		return nil, fmt.Errorf("%q: %q cannot stand in a target; write it percent-encoded", text, text[at:at+1])
	}
	t := &Template{isPath: isPath}
	for rest := text; rest != ""; {
		var p part
		var found bool
		p.text, rest, found = strings.Cut(rest, "{")
		if err := checkEncoding(p.text); err != nil {
			return nil, fmt.Errorf("%q: %w", text, err)
		}
		t.hasQuery = t.hasQuery || strings.Contains(p.text, "?")
		if found {
			at := len(text) - len(rest) - 1
			p.param, rest, found = strings.Cut(rest, "}")
			switch {
			case !found || !slices.Contains(params, p.param):
				return nil, fmt.Errorf("%q: {%s} is not a parameter of the route's path", text, p.param)
			case at < authority:
				return nil, fmt.Errorf("%q: {%s} is in the host; a client could choose where it is sent", text, p.param)
			}
			p.query = t.hasQuery
		}
		t.parts = append(t.parts, p)
	}
	return t, nil
}

// hostEnd returns where the path of a target may begin, -1 when text is neither a
// path nor an http or https URL.
func hostEnd(text string) (end int, isPath bool) {
	if strings.HasPrefix(text, "/") {
		if strings.HasPrefix(text, "//") {
			return -1, false // a network-path reference: another host (RFC 3986 §4.2)
		}
		return 0, true
	}
	scheme, rest, ok := strings.Cut(text, "://")
	if lower := strings.ToLower(scheme); !ok || lower != "http" && lower != "https" || rest == "" || strings.HasPrefix(rest, "/") {
		return -1, false
	}
	if end := strings.IndexAny(rest, "/?"); end >= 0 {
		return len(scheme) + len("://") + end, false
	}
	return len(text), false
}

// notInTarget reports what a target may not hold, braces apart (RFC 3986 §2).
func notInTarget(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"<>\\^`|#", r)
}

func checkEncoding(text string) error {
	if at := strings.IndexByte(text, '}'); at >= 0 {
		return fmt.Errorf("} without {")
	}
	for i := range len(text) {
		if text[i] == '%' && !isTriplet(text, i) {
			return fmt.Errorf("%q is not a percent-encoded byte", text[i:min(i+3, len(text))])
		}
	}
	return nil
}

// HasQuery reports whether the template writes a query of its own.
func (t *Template) HasQuery() bool { return t.hasQuery }

// Append appends the target to dst and returns the longer slice. x holds the captured
// parameters; one that x lacks is empty.
func (t *Template) Append(dst []byte, x *exchange.Exchange) []byte {
	begin := len(dst)
	for i := range t.parts {
		p := &t.parts[i]
		dst = append(dst, p.text...)
		switch {
		case p.param == "":
		case p.query:
			dst = appendEncoded(dst, x.Param(p.param), querySafe)
		default:
			dst = appendEncoded(dst, x.Param(p.param), pathSafe)
		}
	}
	if t.isPath {
		dst = oneSlash(dst, begin)
	}
	return dst
}

// oneSlash makes the target that begins at position begin start with one slash:
// "//name" would be read as another host (RFC 3986 §4.2).
func oneSlash(dst []byte, begin int) []byte {
	extra := begin
	for extra+1 < len(dst) && dst[extra+1] == '/' {
		extra++
	}
	return append(dst[:begin], dst[extra:]...)
}
