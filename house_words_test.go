package main

import (
	"go/parser"
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

const maxDocumentLine = 100 // characters

// avoided is one entry of the avoid list.
type avoided struct {
	word   string
	is     *regexp.Regexp
	start  bool     // only at the start of a sentence
	except []string // phrases that contain it and are allowed
}

// avoidList reads docs/glossary.md: code spans between "Avoid:" and the end of the paragraph.
func avoidList(glossary string) []avoided {
	var list []avoided
	for _, paragraph := range strings.Split(glossary, "\n\n") {
		_, words, found := strings.Cut(paragraph, "\nAvoid: ")
		if !found {
			continue
		}
		words, phrases, _ := strings.Cut(words, "except")
		var except []string
		for _, m := range regexp.MustCompile(`"([^"]+)"`).FindAllStringSubmatch(phrases, -1) {
			except = append(except, m[1])
		}
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(words, -1) {
			a := avoided{word: m[1], start: unicode.IsUpper(rune(m[1][0])), except: except}
			pattern := `\b` + strings.ReplaceAll(regexp.QuoteMeta(m[1]), " ", `\s+`) + `\b`
			if !a.start {
				pattern = "(?i)" + pattern
			}
			a.is = regexp.MustCompile(pattern)
			list = append(list, a)
		}
	}
	return list
}

// prose is text for people: a comment, a message or a document.
type prose struct {
	line int
	text string
}

// finding is one avoided word in a file.
type finding struct {
	line int
	word string
}

// wordsIn returns the avoided words of a text, ordered by line.
func wordsIn(list []avoided, texts []prose) []finding {
	var found []finding
	for _, p := range texts {
		text := quoted.ReplaceAllStringFunc(p.text, blank)
		lower := strings.ToLower(text)
		for _, a := range list {
			if first, _, _ := strings.Cut(a.word, " "); !strings.Contains(lower, strings.ToLower(first)) {
				continue // searched as an expression it would take ten times as long
			}
			for _, at := range a.is.FindAllStringIndex(text, -1) {
				if isName(text, at) || a.start && !startsSentence(text, at[0]) || a.allowed(text, at) {
					continue
				}
				found = append(found, finding{p.line + strings.Count(text[:at[0]], "\n"), a.word})
			}
		}
	}
	slices.SortFunc(found, func(a, b finding) int { return a.line - b.line })
	return found
}

// quoted is what the avoid list is not applied to: code spans and quotations.
var quoted = regexp.MustCompile("(?s)`[^`]*`|\"[^\"\n]*\"|\\]\\([^)]*\\)")

// code matches the code blocks of a document.
var code = regexp.MustCompile("(?sm)^```.*?^```")

// blank replaces all but line ends.
func blank(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' {
			return r
		}
		return '_'
	}, s)
}

// isName reports whether a match is part of a name such as answers.cache_status.
func isName(text string, at []int) bool {
	before := at[0] > 0 && strings.IndexByte("._/-=[{", text[at[0]-1]) >= 0
	after := at[1] < len(text) && strings.IndexByte("_/=[(", text[at[1]]) >= 0
	dotted := at[1]+1 < len(text) && text[at[1]] == '.' && unicode.IsLetter(rune(text[at[1]+1]))
	return before || after || dotted
}

// startsSentence reports whether a statement, and no question, begins at i.
func startsSentence(text string, i int) bool {
	before := strings.TrimRight(text[:i], " \n*-")
	if before != "" && !strings.ContainsAny(before[len(before)-1:], ".!?") {
		return false
	}
	end := strings.IndexAny(text[i:], ".?")
	return end < 0 || text[i+end] != '?'
}

func (a avoided) allowed(text string, at []int) bool {
	return slices.ContainsFunc(a.except, func(phrase string) bool {
		from, to := max(0, at[0]-len(phrase)), min(len(text), at[1]+len(phrase))
		return strings.Contains(strings.ToLower(text[from:to]), phrase)
	})
}

// proseOf returns what people read of a file; nil for files that hold none.
func proseOf(name string, text []byte) []prose {
	switch path.Ext(name) {
	case ".go":
		return goProse(name, text)
	case ".md":
		return []prose{{1, code.ReplaceAllStringFunc(string(text), blank)}}
	case ".yaml":
		return []prose{{1, regexp.MustCompile(`(?m)^[^#\n]*`).ReplaceAllStringFunc(string(text), blank)}}
	}
	return nil
}

// goProse returns the comments of a file, and the strings that are sentences unless the
// file is a test.
func goProse(name string, text []byte) []prose {
	files := token.NewFileSet()
	tree, err := parser.ParseFile(files, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil
	}
	var all []prose
	for _, group := range tree.Comments {
		var lines []string
		for _, c := range group.List {
			lines = append(lines, strings.TrimPrefix(c.Text, "//"))
		}
		all = append(all, prose{files.Position(group.Pos()).Line, strings.Join(lines, "\n")})
	}
	if strings.HasSuffix(name, "_test.go") {
		return all
	}
	var s scanner.Scanner
	file := token.NewFileSet().AddFile(name, -1, len(text))
	s.Init(file, text, nil, 0)
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			return all
		}
		if message, err := strconv.Unquote(lit); tok == token.STRING && err == nil && lit[0] == '"' && strings.Count(message, " ") > 1 {
			all = append(all, prose{file.Line(pos), message})
		}
	}
}

// TestWords holds all comments, messages and documents to the terms of docs/glossary.md.
func TestWords(t *testing.T) {
	list := avoidList(read(t, "docs/glossary.md"))
	if len(list) < 30 {
		t.Fatalf("docs/glossary.md: found %d words to avoid; is its form still right?", len(list))
	}
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (d.Name() == "testdata" || d.Name()[0] == '.'):
			return fs.SkipDir
		case d.IsDir():
			return nil
		}
		text, err := os.ReadFile(name)
		for _, f := range wordsIn(list, proseOf(name, text)) {
			t.Errorf("%s:%d: %q is a word that docs/glossary.md says to avoid", name, f.line, f.word)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestLinesOfDocuments holds the lines of documents to 100 characters, so that a change of
// one sentence is a small change; tables and code blocks are left out.
func TestLinesOfDocuments(t *testing.T) {
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != ".md" {
			return err
		}
		text := code.ReplaceAllStringFunc(read(t, name), blank)
		for i, line := range strings.Split(text, "\n") {
			if n := utf8.RuneCountInString(line); n > maxDocumentLine && line[0] != '|' && line[0] != '_' {
				t.Errorf("%s:%d: %d characters, want at most %d", name, i+1, n, maxDocumentLine)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
