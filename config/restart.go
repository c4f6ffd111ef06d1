package config

import (
	"fmt"
	"slices"
	"strings"

	"penstock/options"
)

// writtenAt is where the keys that only a start reads and the policies of routes stand in the file they
// were read from.
type writtenAt struct {
	file string
	keys map[string]place // those that are written, and their parents

	upstreams map[string]*Upstream // those of the file by name; nil for a Config that was not read
}

// note keeps of all places those that a refusal may have to tell.
func (w *writtenAt) note(d *decoder, c *Config) {
	w.file, w.keys = d.name, make(map[string]place)
	c.section(nil).Walk(func(path string, k options.Key) {
		if !k.Restart {
			return
		}
		for key := path; key != ""; key = parent(key) {
			if p, found := d.at[key]; found {
				w.keys[key] = p
			}
		}
	})
	var kept []string
	for i, r := range c.Routes {
		for _, p := range r.Policies {
			kept = append(kept, join(index("routes", i), p.Name))
		}
	}
	if kept == nil {
		return
	}
	for path, p := range d.at {
		if slices.ContainsFunc(kept, func(k string) bool { return within(path, k) }) {
			w.keys[path] = p
		}
	}
}

// within reports whether path is that of k or below it.
func within(path, k string) bool {
	rest, found := strings.CutPrefix(path, k)
	return found && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// ProblemAt returns a problem with the value at path, such as
// "routes[2].access.allow[0]", for what shows only when a policy is compiled. Its
// position is that of the value or of what holds it; keys outside of policies that
// a reload can change have none.
func (c *Config) ProblemAt(path, format string, args ...any) Problem {
	p := Problem{File: c.written.file, Path: path, Text: fmt.Sprintf(format, args...)}
	for key := path; key != "" && p.Line == 0; key = key[:max(strings.LastIndexAny(key, ".["), 0)] {
		at := c.written.keys[key]
		p.Line, p.Column = at.line, at.column
	}
	return p
}

// parent returns the path of the mapping that holds a key, "" at the top.
func parent(path string) string { return path[:max(strings.LastIndexByte(path, '.'), 0)] }

// RestartOnly returns a problem for every key that differs between old and new and
// that a reload cannot change; nil when a reload can take new whole. A key that new
// leaves to its default has the position of what should hold it.
func RestartOnly(old, new *Config) Errors {
	var refused Errors
	for _, path := range options.Changed(old.section(nil), new.section(nil)) {
		p := Problem{File: new.written.file, Path: path, Text: "cannot change without a restart"}
		for key := path; key != "" && p.Line == 0; key = parent(key) {
			at := new.written.keys[key]
			p.Line, p.Column = at.line, at.column
		}
		refused = append(refused, p)
	}
	return refused.sorted()
}
