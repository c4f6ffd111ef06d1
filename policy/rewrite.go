package policy

import (
	"fmt"
	"strings"

	"penstock/headers"
)

// NewStripPrefix returns a template for the request's path without a prefix of
// whole segments: without "/api", "/api/x" is "/x", "/api" is "/", "/apis" stays.
func NewStripPrefix(prefix string) (*Template, error) {
	if !strings.HasPrefix(prefix, "/") || strings.ContainsAny(prefix, "?{}") || strings.ContainsFunc(prefix, notInTarget) {
		return nil, fmt.Errorf("%q: want a path that starts with / and has no parameters", prefix)
	}
	normal, problem := headers.NormalizePath(nil, []byte(prefix)) // request paths are in normal form
	if problem != headers.NoProblem {
		return nil, fmt.Errorf("%q is in no request's path: %v", prefix, problem)
	}
	return &Template{isPath: true, strip: strings.TrimRight(string(normal), "/") + "/"}, nil
}

// stripped returns path without the prefix, which ends with a slash.
func (t *Template) stripped(path []byte) []byte {
	prefix := t.strip
	switch {
	case len(path) >= len(prefix) && string(path[:len(prefix)]) == prefix:
		return path[len(prefix)-1:]
	case string(path) == prefix[:len(prefix)-1]:
		return rootPath
	}
	return path
}

var rootPath = []byte("/")
