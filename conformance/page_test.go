package conformance_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"penstock/conformance"
	"penstock/conformance/table"
)

// page has the grammar of the tables.
const page = "../docs/conformance.md"

// TestExampleOfThePage plays what the page shows.
func TestExampleOfThePage(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	example := regexp.MustCompile("(?s)```conformance\n(.*?)```").FindSubmatch(text)
	if example == nil {
		t.Fatalf("%s has no example", page)
	}
	table, err := conformance.Load(fstest.MapFS{"example.txt": {Data: example[1]}}, "example.txt")
	if err != nil {
		t.Fatal(err)
	}
	r := penstock(t, table)
	for _, c := range table.Cases {
		seen, err := r.Run(c)
		if err != nil {
			t.Fatal(err)
		}
		if why := c.Judge(seen); why != "" {
			t.Errorf("%s: %s (%s)", c.Name, why, conformance.Describe(c, seen))
		}
	}
}

// TestPageHasEveryWord: what no line of the page's tables begins with, no table uses.
func TestPageHasEveryWord(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(names) == 0 {
		t.Fatalf("no tables: %v", err)
	}
	told := map[string]bool{}
	for _, name := range names {
		if err := table.Read(os.DirFS("."), filepath.ToSlash(name), func(l table.Line) error {
			if !told[l.Word] && !regexp.MustCompile("`"+regexp.QuoteMeta(l.Word)+"[ `]").Match(text) {
				t.Errorf("%s:%d: %q is not on %s", name, l.Number, l.Word, strings.TrimPrefix(page, "../"))
			}
			told[l.Word] = true
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
}
