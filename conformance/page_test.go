package conformance_test

import (
	"os"
	"regexp"
	"testing"
	"testing/fstest"

	"penstock/conformance"
	"penstock/conformance/table"
)

// grammar returns docs/conformance.md, which describes the tables.
func grammar(t *testing.T) table.Page {
	t.Helper()
	page, err := table.ReadPage(os.DirFS("../docs"), "conformance.md")
	if err != nil {
		t.Fatal(err)
	}
	return page
}

// TestExampleOfThePage plays the example of the page.
func TestExampleOfThePage(t *testing.T) {
	example, err := grammar(t).Example("conformance")
	if err != nil {
		t.Fatal(err)
	}
	family, err := conformance.Load(fstest.MapFS{"example.txt": {Data: example}}, "example.txt")
	if err != nil {
		t.Fatal(err)
	}
	r := penstock(t, family)
	for _, c := range family.Cases {
		seen, err := r.Run(c)
		if err != nil {
			t.Fatal(err)
		}
		if why := c.Judge(seen); why != "" {
			t.Errorf("%s: %s (%s)", c.Name, why, conformance.Describe(c, seen))
		}
	}
}

// TestPageHasEveryWord checks that the page describes the first word of each line.
func TestPageHasEveryWord(t *testing.T) {
	missing, err := grammar(t).Missing(os.DirFS("."), "testdata/*.txt", func(l table.Line) (word, spellings string) {
		return l.Word, regexp.QuoteMeta(l.Word)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range missing {
		t.Error(m)
	}
}
