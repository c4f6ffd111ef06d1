package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing wrong in a configuration file.
type Problem struct {
	File   string // as it was given to Load or Parse
	Line   int    // from 1; zero when the file as a whole is meant
	Column int    // from 1, in characters; zero with Line
	Path   string // such as "routes[2].retry.times"; empty for the file or its YAML
	Text   string // what is wrong, with the value seen and what is wanted
}

// Error writes p as "config.yaml:41:7: routes[2].retires: unknown key", without the position when
// Line is zero and without the path when Path is empty.
func (p Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.position())
	b.WriteString(": ")
	if p.Path != "" {
		b.WriteString(p.Path)
		b.WriteString(": ")
	}
	b.WriteString(p.Text)
	return b.String()
}

// position writes "config.yaml:41:7", or the name of the file alone.
func (p Problem) position() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Errors are the problems of a file, sorted by position, each once. As an error it is never empty;
// RestartOnly returns nil for none.
type Errors []Problem

// Error writes one problem a line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, p := range e {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// sorted orders e by position and drops repetitions, which an alias or a merge
// can cause.
func (e Errors) sorted() Errors {
	slices.SortStableFunc(e, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Path, b.Path))
	})
	return slices.Compact(e)
}
