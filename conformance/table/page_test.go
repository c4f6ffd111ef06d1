package table

import (
	"regexp"
	"slices"
	"testing"
	"testing/fstest"
)

func page(t *testing.T, text string) Page {
	t.Helper()
	p, err := ReadPage(fstest.MapFS{"words.md": {Data: []byte(text)}}, "words.md")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestExample(t *testing.T) {
	p := page(t, "```other\nno\n```\n\n```suite\none\ntwo\n```\n\n```suite\nthree\n```\n")
	if text, err := p.Example("suite"); err != nil || string(text) != "one\ntwo\n" {
		t.Errorf("got %q, %v", text, err)
	}
	if text, err := p.Example("sui"); err == nil {
		t.Errorf("a language that the page does not have: got %q", text)
	}
}

func TestMissing(t *testing.T) {
	p := page(t, "| `case NAME` | begins a case |\n| `>wait` | waits |\nand no span: end\n")
	files := fstest.MapFS{
		"a.txt": {Data: []byte("case one\n>wait\nend\nend\n")},
		"b.txt": {Data: []byte("cas\nend\n> x\n")},
		"c.md":  {Data: []byte("unknown\n")},
	}
	plain := func(l Line) (word, spellings string) { return l.Word, regexp.QuoteMeta(l.Word) }
	got, err := p.Missing(files, "*.txt", plain)
	want := []string{
		`a.txt:3: words.md does not describe "end"`, `b.txt:1: words.md does not describe "cas"`, `b.txt:3: words.md does not describe ">"`,
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	if _, err := p.Missing(files, "*.none", plain); err == nil {
		t.Error("no tables: got no error")
	}
	either := func(l Line) (word, spellings string) { return l.Word, "case|end" }
	if got, err := p.Missing(files, "a.txt", either); err != nil || len(got) > 0 {
		t.Errorf("a word with two spellings: got %q, %v", got, err)
	}
}
