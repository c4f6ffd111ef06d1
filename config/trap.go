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

// spot is a byte of a text: its line, from 1, and its offset in it.
type spot struct{ line, offset int }

// opening is a bracket, brace or quote that opens.
type opening struct {
	spot
	sign byte
}

// found is a trap before its place is counted in characters.
type found struct {
	spot
	text string
}

// maxTraps bounds how many traps of a file are reported.
const maxTraps = 100

// findTraps searches a text that is not YAML for values that should have been quoted, for
// tabs, and for aliases without an anchor. Each of these alone is an error, so none is a guess.
// The list may be empty. findTraps reads each byte a few times at most.
func findTraps(data string) []trap {
	lines := strings.Split(data, "\n")
	s := scanner{block: -1, anchors: make(map[string]bool)}
	for i, line := range lines {
		s.scanLine(i+1, strings.TrimSuffix(line, "\r"))
		if len(s.traps) >= maxTraps {
			break
		}
	}
	switch {
	case s.traps != nil:
	case s.quote.sign != 0:
		s.unclosed("quote", s.quote)
	case len(s.opened) > 0:
		last := s.opened[len(s.opened)-1]
		s.unclosed(string(last.sign), last)
	}
	all := make([]trap, len(s.traps))
	for i, t := range s.traps {
		column := utf8.RuneCountInString(lines[t.line-1][:t.offset]) + 1
		all[i] = trap{place{t.line, column}, t.text}
	}
	return all
}

// scanner walks YAML a line at a time, with just enough of its grammar to know
// where an unquoted value begins and ends.
type scanner struct {
	traps   []found
	anchors map[string]bool
	opened  []opening // the [ and { that are open
	quote   opening   // the quote that is open over a line's end; its sign is 0 when none is
	indent  int       // of the key before the quote, or of its line
	block   int       // indent of the key of a block scalar (| or >), or -1

	number int    // of the current line, from 1
	line   string // the current one
	keyed  bool   // the cursor is after a key of this line
}

// unclosed notes that what opened at o is not closed.
func (s *scanner) unclosed(what string, o opening) {
	s.traps = append(s.traps, found{o.spot, "the " + what + " that opens here is not closed"})
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
	if s.quote.sign != 0 && indent <= s.indent && beginsKey(line[indent:]) {
		// A quoted value goes on below its key only where it is indented deeper.
		s.unclosed("quote", s.quote)
		s.quote, s.opened = opening{}, nil
	}
	if s.quote.sign == 0 && len(s.opened) == 0 && strings.HasPrefix(line[indent:], "\t") {
		s.add(indent, "a tab indents this line; YAML wants spaces")
		return
	}
	for i := 0; i < len(line) && len(s.traps) < maxTraps; {
		i = s.step(i, indent)
	}
}

// beginsKey reports whether a line without its indent looks like an item of a list or
// a key with its colon.
func beginsKey(line string) bool {
	key, value, found := strings.Cut(line, ":")
	return strings.HasPrefix(line, "- ") || found && word(strings.Trim(key, `"'`)) && (value == "" || value[0] == ' ')
}

// step reads one token of the line from i and returns where the next begins.
func (s *scanner) step(i, indent int) int {
	if s.quote.sign != 0 {
		return s.quoted(i)
	}
	rest := s.line[i:]
	next := byte(' ')
	if len(rest) > 1 {
		next = rest[1]
	}
	blank := next == ' ' || next == '\t'
	switch c := rest[0]; {
	case c == ' ' || c == '\t' || c == ',' && len(s.opened) > 0:
		return i + 1
	case c == '#':
		return len(s.line)
	case c == '"' || c == '\'':
		s.quote, s.indent = opening{s.spot(i), c}, indent
		if s.keyed && len(s.opened) == 0 { // "- key: " has its key further right
			s.indent = len(s.line) - len(strings.TrimLeft(s.line, " -"))
		}
		return i + 1
	case c == '[' || c == '{':
		s.opened = append(s.opened, opening{s.spot(i), c})
		return i + 1
	case c == ']' || c == '}':
		s.opened = s.opened[:max(0, len(s.opened)-1)]
		return i + 1
	case (c == '-' || c == '?') && blank && len(s.opened) == 0:
		return i + 1
	case c == ':' && (blank || len(s.opened) > 0 && afterKey(s.line[:i])):
		s.keyed = true
		return i + 1
	case c == '&' || c == '!':
		end := len(s.line)
		if n := strings.IndexAny(rest, " \t,]}"); n >= 0 {
			end = i + n
		}
		if c == '&' {
			s.anchors[s.line[i+1:end]] = true
		}
		return end
	case (c == '|' || c == '>') && len(s.opened) == 0:
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
		case c == '\\' && s.quote.sign == '"':
			i++
		case c == s.quote.sign && c == '\'' && strings.HasPrefix(s.line[i+1:], "'"):
			i++
		case c == s.quote.sign:
			return s.closed(i)
		}
	}
	return len(s.line)
}

// closed ends the quote that is open with the one at i. The text after it on the line
// has to separate it from the next value; else it was meant to open one.
func (s *scanner) closed(i int) int {
	o := s.quote
	s.quote = opening{}
	after := strings.TrimLeft(s.line[i+1:], " \t")
	if after == "" || strings.IndexByte(",]}:#", after[0]) >= 0 {
		return i + 1
	}
	after, _, _ = strings.Cut(after, " ")
	after = strings.Trim(after, `"',`)
	s.traps = append(s.traps, found{o.spot, fmt.Sprintf("the quote that opens here is not closed before %q", after)})
	s.opened = nil
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
	case len(s.opened) > 0 && c == ':':
		s.add(i, "%s must be quoted inside [ ] or { }; write %q", s.whole(i), s.whole(i))
	case len(s.opened) > 0 && (stop == '{' || stop == '['):
		s.add(i, "%s must be quoted: inside { } or [ ] a brace or bracket begins something new; write %q", s.whole(i), s.whole(i))
	case stop == ':' && len(s.opened) == 0 && s.keyed:
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
		case len(s.opened) > 0 && strings.IndexByte(",[]{}", c) >= 0 && (j > i || c != '*'):
			return max(j, i+1)
		case c == ':' && strings.Contains(" \t", after) && j > i:
			return j
		case c == '#' && j > i && s.line[j-1] == ' ':
			return j
		}
	}
	return len(s.line)
}

// alias reports whether word refers to an anchor before it in the file.
func (s *scanner) alias(word string) bool { return s.anchors[strings.TrimSpace(word[1:])] }

// whole returns the value from i as its author saw it: up to a blank, a comma
// or a bracket that the value itself did not open.
func (s *scanner) whole(i int) string {
	open := 0
	for j := i; j < len(s.line); j++ {
		switch s.line[j] {
		case '{', '[':
			open++
		case '}', ']':
			if open--; open < 0 && len(s.opened) > 0 {
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
	s.traps = append(s.traps, found{s.spot(i), fmt.Sprintf(format, args...)})
}

// spot returns the byte i of the current line.
func (s *scanner) spot(i int) spot { return spot{s.number, i} }
