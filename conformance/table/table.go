// Package table reads the files in which the conformance suites write down their cases:
// lines whose first word says what they are, with escapes for bytes that no text file
// shows. What the words mean is each suite's own. docs/conformance.md has the grammar.
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
	Word   string // up to the first space
	Rest   string // after that space, with its escapes
	Text   string // the whole line
}

// Split makes a Line of a text.
func Split(number int, text string) Line {
	word, rest, _ := strings.Cut(text, " ")
	return Line{number, word, rest, text}
}

// Read calls line for every line of a file that is neither empty nor a comment, which
// begins with #. An error of line ends it, and is returned with the place.
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

// Unescape turns the notation of the tables into bytes: \r \n \t \0 \s (space) \\ \{ and
// \xNN. A brace that is not escaped is given to braces, without the braces and with its
// escapes, and stands for what that returns; where braces is nil it is itself.
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

// escape reads one escape at the start of s and says how long it is.
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
