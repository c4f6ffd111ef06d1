package policy

import (
	"fmt"
	"slices"
	"strings"

	"penstock/options"
)

// compileTemplate compiles a template whose parameters the route has, and reports what is
// wrong with it.
func compileTemplate(at options.Report, key, text string, route options.Route) *Template {
	t, err := NewTemplate(text, route.Params)
	if err != nil {
		at.Problem(key, "%v", err)
	}
	return t
}

// checkParams reports parameters in a template that the path of the route does not capture.
// False means that there are some, or that the path itself is not known.
func checkParams(at options.Report, key, text string, route options.Route) bool {
	if nginxVariable(text) {
		at.Warn(key, "has no variables such as $uri; the names of path are written {name}")
	}
	params, err := paramsOf(text)
	if err != nil {
		at.Problem(key, "%v", err)
		return false
	}
	if route.Path == "" {
		return false
	}
	known := true
	for _, name := range params {
		if slices.Contains(route.Params, name) {
			continue
		}
		known = false
		hint := options.DidYouMean(name, route.Params)
		if hint == "" && strings.HasSuffix(route.Path, "/*") {
			hint = "; name the rest in path: {" + name + ":*}"
		}
		at.Problem(key, "path has no parameter {%s}%s", name, hint)
	}
	return known
}

// paramsOf returns the names of the parameters of a template.
func paramsOf(text string) (names []string, err error) {
	for rest := text; rest != ""; {
		fixed, after, found := strings.Cut(rest, "{")
		if strings.Contains(fixed, "}") {
			return nil, fmt.Errorf("%q: } without {", rest)
		}
		if !found {
			break
		}
		name, tail, closed := strings.Cut(after, "}")
		if !closed || !paramName(name) {
			return nil, fmt.Errorf("%q: want {name}, with a name of letters, digits and _", "{"+after)
		}
		names = append(names, name)
		rest = tail
	}
	return names, nil
}

// paramName reports whether s can be the name of a parameter of a path.
func paramName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9' || i == 0) {
			return false
		}
	}
	return s != ""
}

// warnOfVariables warns of values in which nginx would replace something.
func warnOfVariables(at options.Report, key string, fields []options.Field) {
	for _, f := range fields {
		if nginxVariable(f.Value) {
			at.Warn(key+"."+f.Name, "is sent as it is written: a value has no variables such as $remote_addr")
		}
	}
}

// nginxVariable reports whether s has what nginx takes for a variable: $name.
func nginxVariable(s string) bool {
	for i := range len(s) - 1 {
		if c := s[i+1]; s[i] == '$' && (c == '_' || c >= 'a' && c <= 'z') {
			return true
		}
	}
	return false
}

// notInTemplate reports the characters that a path with parameters never has (RFC 3986 §3.3).
func notInTemplate(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune("?#\"<>\\^`|", r)
}
