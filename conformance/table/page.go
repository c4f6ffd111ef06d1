package table

import (
	"fmt"
	"io/fs"
	"regexp"
)

// Page is a document that describes the words of the tables. ReadPage makes it; the zero value is an
// empty document.
type Page struct {
	name string
	text []byte
}

// ReadPage reads the file of that name. The error is that it cannot be read.
func ReadPage(files fs.FS, name string) (Page, error) {
	text, err := fs.ReadFile(files, name)
	return Page{name, text}, err
}

// Example returns the text of the first fenced code block in a language, without the fences; nil and
// an error when there is none. The slice is a part of the page: callers must not change it.
func (p Page) Example(language string) (text []byte, err error) {
	block := regexp.MustCompile("(?s)```" + regexp.QuoteMeta(language) + "\n(.*?)```").FindSubmatch(p.text)
	if block == nil {
		return nil, fmt.Errorf("%s has no example in %s", p.name, language)
	}
	return block[1], nil
}

// Missing returns a message for each word of the tables that the page does not describe,
// with the first line that uses it. The page describes a word when one of its code spans
// begins with it. pattern selects the tables, as in fs.Glob; word returns the word of a line,
// and a regular expression for its spellings on the page. It returns nil when no word is missing,
// and an error when pattern is wrong or selects no file, or a table cannot be read. It panics when
// the expression is not valid.
func (p Page) Missing(files fs.FS, pattern string, word func(Line) (word, spellings string)) ([]string, error) {
	names, err := fs.Glob(files, pattern)
	if err == nil && len(names) == 0 {
		err = fmt.Errorf("%s: no tables", pattern)
	}
	if err != nil {
		return nil, err
	}
	var missing []string
	seen := map[string]bool{}
	for _, name := range names {
		if err := Read(files, name, func(l Line) error {
			w, spellings := word(l)
			if !seen[w] && !regexp.MustCompile("`(?:"+spellings+")[ `]").Match(p.text) {
				missing = append(missing, fmt.Sprintf("%s:%d: %s does not describe %q", name, l.Number, p.name, w))
			}
			seen[w] = true
			return nil
		}); err != nil {
			return nil, err
		}
	}
	return missing, nil
}
