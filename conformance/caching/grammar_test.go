package caching_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"penstock/conformance/caching"
	"penstock/conformance/table"
)

// grammarPage has the grammar of the tables.
const grammarPage = "../../docs/conformance.md"

// TestLoadExampleOfThePage plays the example of the page.
func TestLoadExampleOfThePage(t *testing.T) {
	text, err := os.ReadFile(grammarPage)
	if err != nil {
		t.Fatal(err)
	}
	example := regexp.MustCompile("(?s)```caching\n(.*?)```").FindSubmatch(text)
	if example == nil {
		t.Fatalf("%s has no example", grammarPage)
	}
	table, err := caching.Load(fstest.MapFS{"example.txt": {Data: example[1]}}, "example.txt")
	if err != nil {
		t.Fatal(err)
	}
	r := penstock(t)
	for _, c := range table.Cases {
		if err := r.Play(c); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
	if len(table.Cases) != 2 {
		t.Errorf("the example has %d cases", len(table.Cases))
	}
}

// TestLoadPageHasEveryWord: what no line of the page's tables begins with, no table uses.
// Of the lines of origin, client and expectations their second word counts too, unless it
// is a field, a number or a method.
func TestLoadPageHasEveryWord(t *testing.T) {
	text, err := os.ReadFile(grammarPage)
	if err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(names) == 0 {
		t.Fatalf("no tables: %v", err)
	}
	plain := regexp.MustCompile(`^[a-z][a-z-]*$`)
	told := map[string]bool{}
	for _, name := range names {
		if err := table.Read(os.DirFS("."), filepath.ToSlash(name), func(l table.Line) error {
			word := l.Word
			if second, _, _ := strings.Cut(l.Rest, " "); len(word) == 1 && plain.MatchString(second) {
				word += " " + second
			}
			spelled := regexp.QuoteMeta(strings.Replace(word, "?", "[?=]", 1))
			spelled = strings.ReplaceAll(spelled, `\[\?=\]`, "[?=]")
			if verb, ok := strings.CutPrefix(word, "= "); ok {
				spelled = "(= )?" + regexp.QuoteMeta(verb) // verbs have a table of their own
			}
			if !told[word] && !regexp.MustCompile("`"+spelled+"[ `]").Match(text) {
				t.Errorf("%s:%d: %q is not on the page", name, l.Number, word)
			}
			told[word] = true
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
}
