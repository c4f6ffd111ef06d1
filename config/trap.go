package config

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// trap is something that people write in YAML and that YAML reads otherwise.
type trap struct {
	place place
	text  string
}

// findTraps looks through a text that is not YAML for values that should have
// been quoted, tabs, and aliases to nothing. Every trap is an error by itself,
// so none of them is a guess; the list may be empty.
func findTraps(data string) []trap {
	s := scanner{block: -1}
	for i, line := range strings.Split(data, "\n") {
		s.scanLine(i+1, strings.TrimSuffix(line, "\r"))
	}
	switch {
	case s.traps != nil:
	case s.quote != 0:
		s.traps = []trap{{s.quoteAt, "the quote that opens here is not closed"}}
	case s.depth > 0:
		s.traps = s.opened[len(s.opened)-1:]
	}
	return s.traps
}

// scanner walks YAML a line at a time, with just enough of its grammar to know
// where an unquoted value begins and ends.
type scanner struct {
	traps   []trap
	anchors []string
	depth   int    // open [ and {
	opened  []trap // where each of them stands
	quote   byte   // the quote that is open over a line's end, or 0
	quoteAt place  // where it stands
	block   int    // indent of the key of a block scalar (| or >), or -1

	number int    // of the current line, from 1
	line   string // the current one
	keyed  bool   // a key stands before the cursor on this line
}

func (s *scanner) scanLine(number int, line string) {
	s.number, s.line, s.keyed = number, line, false
	indent := len(line) - len(strings.TrimLeft(line, " "))
	blank := strings.TrimSpace(line) == ""
	if s.block >= 0 && (blank || indent > s.block) {
		return
	}
	s.block = -1
	if blank || strings.HasPrefix(line, "---") || strings.HasPrefix(line, "%") {
		return
	}
	if s.quote == 0 && s.depth == 0 && strings.HasPrefix(line[indent:], "\t") {
		s.add(indent, "a tab indents this line; YAML wants spaces")
		return
	}
	for i := 0; i < len(line); {
		i = s.step(i, indent)
	}
}

// step reads one token of the line from i and returns where the next begins.
func (s *scanner) step(i, indent int) int {
	if s.quote != 0 {
		return s.quoted(i)
	}
	rest := s.line[i:]
	next := byte(' ')
	if len(rest) > 1 {
		next = rest[1]
	}
	blank := next == ' ' || next == '\t'
	switch c := rest[0]; {
	case c == ' ' || c == '\t' || c == ',' && s.depth > 0:
		return i + 1
	case c == '#':
		return len(s.line)
	case c == '"' || c == '\'':
		s.quote, s.quoteAt = c, s.place(i)
		return i + 1
	case c == '[' || c == '{':
		s.opened = append(s.opened, trap{s.place(i), fmt.Sprintf("the %c that opens here is not closed", c)})
		s.depth = len(s.opened)
		return i + 1
	case c == ']' || c == '}':
		s.opened = s.opened[:max(0, len(s.opened)-1)]
		s.depth = len(s.opened)
		return i + 1
	case (c == '-' || c == '?') && blank && s.depth == 0:
		return i + 1
	case c == ':' && (blank || s.depth > 0 && afterKey(s.line[:i])):
		s.keyed = true
		return i + 1
	case c == '&' || c == '!':
		end := i + strings.IndexAny(rest+" ", " \t,]}")
		if c == '&' {
			s.anchors = append(s.anchors, s.line[i+1:end])
		}
		return end
	case (c == '|' || c == '>') && s.depth == 0:
		s.block = indent
		return len(s.line)
	}
	return s.plain(i)
}

// afterKey reports whether a colon at the end of before can close a key
// without a blank: after a quoted one.
func afterKey(before string) bool {
	return strings.HasSuffix(before, `"`) || strings.HasSuffix(before, `'`)
}

// quoted skips to the end of an open quote.
func (s *scanner) quoted(i int) int {
	for ; i < len(s.line); i++ {
		switch c := s.line[i]; {
		case c == '\\' && s.quote == '"':
			i++
		case c == s.quote && c == '\'' && strings.HasPrefix(s.line[i+1:], "'"):
			i++
		case c == s.quote:
			s.quote = 0
			return i + 1
		}
	}
	return len(s.line)
}

// plain reads an unquoted value and notes a trap when it cannot stand unquoted.
func (s *scanner) plain(i int) int {
	end := s.plainEnd(i)
	word := strings.TrimRight(s.line[i:end], " \t")
	stop := byte(0)
	if end < len(s.line) {
		stop = s.line[end]
	}
	switch c := word[0]; {
	case c == '*' && !s.alias(word):
		s.add(i, "%s must be quoted: unquoted, it refers to a YAML anchor, and there is none of that name; write %q", s.whole(i), s.whole(i))
	case c == '@' || c == '`' || c == '%':
		s.add(i, "%s must be quoted: no unquoted value begins with %c; write %q", s.whole(i), c, s.whole(i))
	case s.depth > 0 && c == ':':
		s.add(i, "%s must be quoted inside [ ] or { }; write %q", s.whole(i), s.whole(i))
	case s.depth > 0 && (stop == '{' || stop == '['):
		s.add(i, "%s must be quoted: inside { } or [ ] a brace or bracket begins something new; write %q", s.whole(i), s.whole(i))
	case stop == ':' && s.depth == 0 && s.keyed:
		s.add(i, `a value with ": " in it must be quoted; write %q`, strings.TrimSpace(s.line[i:]))
		return len(s.line)
	default:
		return end
	}
	return i + len(s.whole(i))
}

// plainEnd returns where an unquoted value from i ends: at ": ", " #", and
// inside brackets also at any of ,[]{}.
func (s *scanner) plainEnd(i int) int {
	for j := i; j < len(s.line); j++ {
		c := s.line[j]
		after := " "
		if j+1 < len(s.line) {
			after = s.line[j+1 : j+2]
		}
		switch {
		case s.depth > 0 && strings.IndexByte(",[]{}", c) >= 0 && (j > i || c != '*'):
			return max(j, i+1)
		case c == ':' && strings.Contains(" \t", after) && j > i:
			return j
		case c == '#' && j > i && s.line[j-1] == ' ':
			return j
		}
	}
	return len(s.line)
}

// alias reports whether word refers to an anchor that stands before it.
func (s *scanner) alias(word string) bool {
	name := strings.TrimSpace(word[1:])
	for _, a := range s.anchors {
		if a == name {
			return true
		}
	}
	return false
}

// whole returns the value from i as its author saw it: up to a blank, a comma
// or a bracket that the value itself did not open.
func (s *scanner) whole(i int) string {
	open := 0
	for j := i; j < len(s.line); j++ {
		switch s.line[j] {
		case '{', '[':
			open++
		case '}', ']':
			if open--; open < 0 && s.depth > 0 {
				return s.line[i:j]
			}
		case ' ', '\t', ',':
			if open <= 0 {
				return s.line[i:j]
			}
		}
	}
	return s.line[i:]
}

func (s *scanner) add(i int, format string, args ...any) {
	s.traps = append(s.traps, trap{s.place(i), fmt.Sprintf(format, args...)})
}

// place returns the position of the byte i of the current line.
func (s *scanner) place(i int) place {
	return place{s.number, utf8.RuneCountInString(s.line[:i]) + 1}
}
