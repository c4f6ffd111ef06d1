package options

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// IsOff reports whether text is a word that switches something off: "off" or "false", in lower
// case.
func IsOff(text string) bool { return text == "off" || text == "false" }

// IsOn reports whether text is a word that switches something on: "on" or "true", in lower case.
func IsOn(text string) bool { return text == "on" || text == "true" }

// Alternatives writes "a, b or c"; one word is written alone, and none as "".
func Alternatives(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// OneLine returns the problem of a text that has to be one line, or "". The empty text and ASCII
// control characters, tabs included, are problems.
func OneLine(s string) (wrong string) {
	if s == "" || strings.ContainsFunc(s, control) {
		return fmt.Sprintf("got %q, want text of one line", s)
	}
	return ""
}

func control(r rune) bool { return r < ' ' || r == 0x7f }

// got returns a message about a text.
func got(s, format string, args ...any) string {
	return fmt.Sprintf("got %q, ", s) + fmt.Sprintf(format, args...)
}

// text is one line.
type text struct {
	p *string
	limits
}

func (t *text) Reset() {
	*t.p = ""
	if len(t.words) > 0 {
		*t.p = t.words[0]
	}
}

func (t *text) Takes() string { return orOff("text", t.has(off)) }

// MappingLater reports whether a mapping in place of the text is not built yet.
func (t *text) MappingLater() bool { return t.has(mappingLater) }

func (t *text) Shape() Shape { return Shape{Text: true, Off: t.has(off)} }

func (t *text) Set(s string) string {
	if t.has(off) && IsOff(s) {
		*t.p = ""
		return ""
	}
	if wrong := OneLine(s); wrong != "" && !t.has(anyText) {
		if t.has(secret) {
			return "want text of one line"
		}
		return wrong
	}
	if t.check != nil {
		shaped, wrong := t.check(s)
		switch {
		case wrong != "" && t.has(secret):
			return wrong
		case wrong != "":
			return got(s, "%s", wrong)
		}
		s = shaped
	}
	*t.p = s
	return ""
}

func (t *text) Get() (string, Style) {
	switch {
	case *t.p != "":
		return *t.p, Quoted
	case t.has(off):
		return "off", Plain
	}
	return "", Absent
}

func orOff(takes string, off bool) string {
	if off {
		return takes + ", or `off`"
	}
	return takes
}

// TextOf returns the value that Keys.Text declares, for Keys.Add. It goes to p, which must not be
// nil. Restart, Required, Means and Like are rules of a key and do nothing here.
func TextOf(p *string, rules ...Rule) Scalar { return &text{p: p, limits: limitsOf(rules)} }

// File is the name of a file or folder: a Scalar. Only FileOf and Keys.File make one.
type File struct {
	text
	folder  string
	streams []string // words such as stdout, which are no files
}

// FileOf returns a file whose name goes to p. The streams are words that are taken
// as they are; the first is the default, and without any the default is "".
func FileOf(p *string, streams ...string) *File {
	return &File{text: text{p: p, limits: limits{words: streams}}, streams: streams}
}

// In says in which folder a name begins that is not absolute. The reader calls it
// before Set; without it that is the working directory.
func (f *File) In(folder string) { f.folder = folder }

// Takes returns the form in the words of the documentation.
func (f *File) Takes() string { return orOff("file name", f.has(off)) }

// Set stores the name as an absolute path, or a stream as it is. It refuses an empty text, several
// lines, and the words for on and off; with Off it stores "" for `off`. It does not look at the
// disk.
func (f *File) Set(s string) string {
	if f.has(off) && IsOff(s) {
		*f.p = ""
		return ""
	}
	if wrong := OneLine(s); wrong != "" {
		return wrong
	}
	if IsOff(s) || IsOn(s) {
		return got(s, `want the name of a file; write "./%s" for a file of that name`, s)
	}
	if slices.Contains(f.streams, s) {
		*f.p = s
		return ""
	}
	name := s
	if !filepath.IsAbs(name) {
		name = filepath.Join(f.folder, name)
	}
	absolute, err := filepath.Abs(name)
	if err != nil {
		return got(s, "%v", err)
	}
	*f.p = absolute
	return ""
}

// toggle is on or off.
type toggle struct {
	p        *bool
	standard bool
	limits
}

func (t *toggle) Reset()        { *t.p = t.standard }
func (t *toggle) Takes() string { return "switch" }
func (t *toggle) Shape() Shape  { return Shape{On: true, Off: true} }

// Wants returns what a message says to write in place of a mapping or a list.
func (t *toggle) Wants() string { return "on or off" }

func (t *toggle) Set(s string) string {
	switch {
	case IsOn(s):
		*t.p = true
	case IsOff(s):
		*t.p = false
	default:
		return got(s, "want on or off")
	}
	return ""
}

func (t *toggle) Get() (string, Style) {
	switch {
	case t.has(quiet) && *t.p == t.standard:
		return "", Absent
	case *t.p:
		return "on", Plain
	}
	return "off", Plain
}

// choice is one of a few words.
type choice[T comparable] struct {
	p        *T
	standard T
	words    []string
	values   []T
}

// OneOf returns a value that is one of words, whose case counts, and stored as the one of values in
// its place. Both have the same length, at least one; it panics when values is empty. The first is
// the default.
func OneOf[T comparable](p *T, words []string, values []T) Scalar {
	return &choice[T]{p, values[0], words, values}
}

// OneOfStandard is OneOf with the default standard, which should be one of values: another is
// stored but not printed. It does not panic when both are empty: nothing can be set then, and Takes
// panics.
func OneOfStandard[T comparable](p *T, standard T, words []string, values []T) Scalar {
	return &choice[T]{p, standard, words, values}
}

func (c *choice[T]) Reset() { *c.p = c.standard }

func (c *choice[T]) Takes() string {
	return "`" + strings.Join(c.words[:len(c.words)-1], "`, `") + "` or `" + c.words[len(c.words)-1] + "`"
}

func (c *choice[T]) Shape() Shape { return Shape{Words: c.words} }

func (c *choice[T]) Set(s string) string {
	i := slices.Index(c.words, s)
	if i < 0 {
		return got(s, "want %s%s", Alternatives(c.words), DidYouMean(s, c.words))
	}
	*c.p = c.values[i]
	return ""
}

func (c *choice[T]) Get() (string, Style) {
	if i := slices.Index(c.values, *c.p); i >= 0 {
		return c.words[i], Plain
	}
	return "", Absent
}
