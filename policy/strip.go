package policy

import (
	"strings"

	"penstock/headers"
	"penstock/options"
)

func strips() options.Policy {
	return options.Policy{
		Name: "strip_prefix", New: func() options.Declarer { return new(StripPrefix) }, Routes: options.Forwarding,
		Doc: "the beginning of `path` that the backend does not see: `/api`",
	}
}

// StripPrefix takes whole segments off the beginning of the path that the backend sees:
// without "/api", "/api/x" is "/x", "/api" is "/", "/apis" stays.
type StripPrefix struct {
	Prefix string // starts with "/" and does not end with it

	normal string // the normal form with a slash at its end: request paths are in that form
}

// Keys declares the value of `strip_prefix`.
func (s *StripPrefix) Keys(k options.Keys) { k.Itself(options.TextOf(&s.Prefix)) }

// Compile implements options.Compiler. It reports a Prefix that is not a plain path, does not begin
// the route's path, or comes with `rewrite`. It takes a slash off the end of Prefix. It does
// nothing for an empty Prefix, which reading has refused.
func (s *StripPrefix) Compile(at options.Report, route options.Route) {
	if s.Prefix == "" {
		return // said already
	}
	prefix := strings.TrimSuffix(s.Prefix, "/")
	normal, problem := headers.NormalizePath(nil, []byte(prefix))
	switch {
	case !strings.HasPrefix(prefix, "/") || strings.ContainsAny(prefix, "{}*") || strings.ContainsFunc(prefix, notInTemplate),
		problem != headers.NoProblem, !strings.EqualFold(string(normal), prefix):
		at.Problem("", "got %q, want a path such as /api", s.Prefix)
	case route.Has("rewrite"):
		at.Problem("", "cannot be combined with rewrite; write the whole path there")
	case route.Path != "" && !strings.HasPrefix(route.Path+"/", prefix+"/"):
		at.Problem("", "%q is not how path %q begins", prefix, route.Path)
	}
	s.Prefix, s.normal = prefix, string(normal)+"/"
}

// AppendTarget implements Target. A path that does not begin with the prefix is appended whole.
// Compile must have succeeded before.
func (s *StripPrefix) AppendTarget(dst, path []byte, _ *Call) []byte {
	begin := len(dst)
	return oneSlash(appendEncoded(dst, s.stripped(path), pathSafe), begin)
}

// HasQuery implements Target. It is always false.
func (s *StripPrefix) HasQuery() bool { return false }

// stripped returns path without the prefix.
func (s *StripPrefix) stripped(path []byte) []byte {
	prefix := s.normal
	switch {
	case len(path) >= len(prefix) && string(path[:len(prefix)]) == prefix:
		return path[len(prefix)-1:]
	case string(path) == prefix[:len(prefix)-1]:
		return rootPath
	}
	return path
}

var rootPath = []byte("/")
