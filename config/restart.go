package config

import (
	"fmt"
	"strings"

	"penstock/options"
)

// writtenAt is where the keys that only a start reads stand in the file that they were
// read from.
type writtenAt struct {
	file string
	keys map[string]place // those that are written, and their parents

	upstreams map[string]*Upstream // those of the file by name; nil for a Config that was not read
}

// note keeps of all places those that a refusal may have to tell.
func (w *writtenAt) note(d *decoder, c *Config) {
	w.file, w.keys = d.name, make(map[string]place)
	c.section(nil).Walk(func(path string, k options.Key) {
		for key := path; k.Restart && key != ""; key = parent(key) {
			if p, found := d.at[key]; found {
				w.keys[key] = p
			}
		}
	})
}

// ProblemAt returns a problem with the key of that path that shows only at a start, such
// as "log.access.file". Its position is that of the value, or of the closest section around it when
// the file does not have the key. Only places of keys that a reload cannot change, and of their
// sections, are known: without one Line and Column are zero.
func (c *Config) ProblemAt(path, format string, args ...any) Problem {
	p := Problem{File: c.written.file, Path: path, Text: fmt.Sprintf(format, args...)}
	for key := path; key != "" && p.Line == 0; key = parent(key) {
		at := c.written.keys[key]
		p.Line, p.Column = at.line, at.column
	}
	return p
}

// parent returns the path of the mapping that holds a key, "" at the top.
func parent(path string) string { return path[:max(strings.LastIndexByte(path, '.'), 0)] }

// RestartOnly returns a problem for every key that differs between old and new and
// that a reload cannot change; nil when a reload can take new whole. Routes and upstreams are not
// compared, because a reload takes all of them. Check for nil before the result becomes an error. A
// key that new leaves to its default has the position of the section that should have it. Neither
// Config may be nil.
func RestartOnly(old, new *Config) Errors {
	var refused Errors
	for _, path := range options.Changed(old.section(nil), new.section(nil)) {
		refused = append(refused, new.ProblemAt(path, "cannot change without a restart"))
	}
	return refused.sorted()
}
