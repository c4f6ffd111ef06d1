package config

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// expand replaces ${NAME} and ${NAME:-default} in s. The default is used when NAME is unset
// or empty. "$${" becomes a plain "${". A value is not expanded again. An error names every
// variable that is missing or misspelt.
func expand(s string, env func(string) (string, bool)) (string, error) {
	if !strings.Contains(s, "${") {
		return s, nil
	}
	var b strings.Builder
	var wrong []string
	for {
		i := strings.Index(s, "${")
		if i < 0 {
			break
		}
		if i > 0 && s[i-1] == '$' {
			b.WriteString(s[:i-1] + "${")
			s = s[i+2:]
			continue
		}
		b.WriteString(s[:i])
		inner, rest, closed := strings.Cut(s[i+2:], "}")
		if !closed {
			wrong = append(wrong, fmt.Sprintf("%q has no closing brace; write $${ for a plain ${", s[i:]))
			s = ""
			break
		}
		value, problem := lookup(inner, env)
		if problem != "" {
			wrong = append(wrong, problem)
		}
		b.WriteString(value)
		s = rest
	}
	b.WriteString(s)
	if wrong != nil {
		return "", fmt.Errorf("%s", strings.Join(wrong, "; "))
	}
	return b.String(), nil
}

// lookup returns the value for the text between ${ and }, or the problem with that text.
func lookup(inner string, env func(string) (string, bool)) (value, problem string) {
	name, fallback, hasFallback := strings.Cut(inner, ":-")
	if !paramName(name) {
		return "", fmt.Sprintf("${%s}: want ${NAME} or ${NAME:-default}; write $${ for a plain ${", inner)
	}
	value, set := env(name)
	switch {
	case set && !utf8.ValidString(value):
		return "", fmt.Sprintf("environment variable %s is not valid UTF-8", name)
	case value != "":
		return value, ""
	case hasFallback:
		return fallback, ""
	case !set:
		return "", fmt.Sprintf("environment variable %s is not set; set it or write ${%s:-default}", name, name)
	}
	return "", ""
}

// escape is the inverse of expand for a value without variables.
func escape(s string) string { return strings.ReplaceAll(s, "${", "$${") }
