package headers

import "bytes"

// Form is one of the four forms of a request target (RFC 9112 §3.2). The zero value is
// OriginForm. String panics for a value that is none of the forms.
type Form uint8

// The forms of request targets.
const (
	OriginForm    Form = iota // "/path?query"
	AbsoluteForm              // "http://host/path?query"
	AuthorityForm             // "host:port", for CONNECT only
	AsteriskForm              // "*", for OPTIONS only
	formCount
)

var formText = [formCount]string{OriginForm: "origin", AbsoluteForm: "absolute", AuthorityForm: "authority", AsteriskForm: "asterisk"}

func (f Form) String() string { return formText[f] }

// Target is a request target in its parts. All slices are slices of the target,
// but for the path "/" of an absolute form that has none (RFC 9112 §3.2.1).
type Target struct {
	Form      Form
	HTTPS     bool   // the scheme of an absolute form is https
	HasQuery  bool   // there is a "?", even if nothing follows it
	Authority []byte // of absolute and authority form; a valid host[:port]; else nil
	Path      []byte // of origin and absolute form; begins with "/"; else nil
	Query     []byte // after the first "?", which may be empty; nil without one
}

// SplitTarget takes a request target apart. Control characters, space, "#" and
// bytes beyond ASCII are refused, as they may not stand in a URI (RFC 3986 §2);
// of absolute forms only http and https with a valid authority are taken, and of authority forms
// only those with a port. The Problem is BadTargetOctet, BadAuthority (of an absolute form), or
// BadTarget for an empty target and anything else; the Target is zero then. Which form belongs to
// which method is for the caller to judge.
func SplitTarget(target []byte) (t Target, p Problem) {
	for _, c := range target {
		if !is(c, targetOctet) {
			return Target{}, BadTargetOctet
		}
	}
	switch {
	case len(target) == 0:
		return Target{}, BadTarget
	case target[0] == '/':
		t.Path = target
	case len(target) == 1 && target[0] == '*':
		return Target{Form: AsteriskForm}, NoProblem
	case hasScheme(target, "http://"):
		return splitAbsolute(target[len("http://"):], false)
	case hasScheme(target, "https://"):
		return splitAbsolute(target[len("https://"):], true)
	default:
		return splitAuthority(target)
	}
	t.cutQuery()
	return t, NoProblem
}

func hasScheme(target []byte, scheme string) bool {
	return len(target) >= len(scheme) && equalFold(target[:len(scheme)], scheme)
}

var rootPath = []byte("/")

func splitAbsolute(rest []byte, https bool) (Target, Problem) {
	end := bytes.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	t := Target{Form: AbsoluteForm, HTTPS: https, Authority: rest[:end:end], Path: rest[end:]}
	if !ValidHost(t.Authority) {
		return Target{}, BadAuthority
	}
	t.cutQuery()
	if len(t.Path) == 0 {
		t.Path = rootPath
	}
	return t, NoProblem
}

// splitAuthority wants a port: without one the target is no form at all.
func splitAuthority(target []byte) (Target, Problem) {
	_, port, ok := splitPort(target)
	if !ok || len(port) == 0 || !ValidHost(target) {
		return Target{}, BadTarget
	}
	return Target{Form: AuthorityForm, Authority: target}, NoProblem
}

func (t *Target) cutQuery() {
	if mark := bytes.IndexByte(t.Path, '?'); mark >= 0 {
		t.HasQuery, t.Query, t.Path = true, t.Path[mark+1:], t.Path[:mark:mark]
	}
}
