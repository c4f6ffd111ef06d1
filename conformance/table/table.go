// Package table reads the files with the cases of the conformance suites. Each line begins
// with a word that names its kind; escapes represent bytes that a text file cannot show.
// Each suite defines its own words. docs/conformance.md has the grammar.
package table

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// Line is one line of a table.
type Line struct {
	Number int    // in its file, from 1
	Word   string // up to the first space; the whole line when there is none
	Rest   string // after that space, with its escapes not replaced; "" when there is none
	Text   string // the whole line
}

// Split splits the text of a line into the parts of a Line. It never fails and replaces no escape.
func Split(number int, text string) Line {
	word, rest, _ := strings.Cut(text, " ")
	return Line{number, word, rest, text}
}

// Read calls line for every line of a file, except for empty lines and comments, which
// begin with # in their first column. It stops at the first error of line and returns it with file
// and line number. A file that cannot be read is an error too.
func Read(files fs.FS, name string, line func(Line) error) error {
	text, err := fs.ReadFile(files, name)
	if err != nil {
		return err
	}
	for i, text := range strings.Split(string(text), "\n") {
		if strings.TrimSpace(text) == "" || text[0] == '#' {
			continue
		}
		if err := line(Split(i+1, text)); err != nil {
			return fmt.Errorf("%s:%d: %w", name, i+1, err)
		}
	}
	return nil
}

// Unescape replaces the escapes of the tables: \r \n \t \0 \s (space) \\ \{ and \xNN. Text in
// unescaped braces is replaced by what braces returns for it, which gets it with its escapes; the
// first } ends it, also after a backslash;
// when braces is nil, unescaped braces are kept. It returns "" and an error for an escape that is not
// known or not complete, a brace that is not closed, and an error of braces.
func Unescape(s string, braces func(inside string) (string, error)) (string, error) {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			text, used, err := escape(s[i:])
			if err != nil {
				return "", err
			}
			out.WriteString(text)
			i += used - 1
		case s[i] == '{' && braces != nil:
			end := strings.IndexByte(s[i:], '}')
			if end < 0 {
				return "", fmt.Errorf("%q: the brace is not closed", s[i:])
			}
			text, err := braces(s[i+1 : i+end])
			if err != nil {
				return "", err
			}
			out.WriteString(text)
			i += end
		default:
			out.WriteByte(s[i])
		}
	}
	return out.String(), nil
}

// escape returns the bytes of the escape at the start of s, and its length.
func escape(s string) (text string, used int, err error) {
	if len(s) < 2 {
		return "", 0, fmt.Errorf("a backslash ends the line; write \\\\")
	}
	if s[1] == 'x' && len(s) >= 4 {
		n, err := strconv.ParseUint(s[2:4], 16, 8)
		return string([]byte{byte(n)}), 4, err
	}
	at := strings.IndexByte(`rnt0s\{`, s[1])
	if at < 0 {
		return "", 0, fmt.Errorf("escape %q is not known", s[:2])
	}
	return "\r\n\t\x00 \\{"[at : at+1], 2, nil
}
