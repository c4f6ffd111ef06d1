package caching_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"penstock/conformance/caching"
	"penstock/conformance/table"
)

// grammar returns docs/conformance.md, which describes the tables.
func grammar(t *testing.T) table.Page {
	t.Helper()
	page, err := table.ReadPage(os.DirFS("../../docs"), "conformance.md")
	if err != nil {
		t.Fatal(err)
	}
	return page
}

// TestLoadExampleOfThePage plays the example of the page.
func TestLoadExampleOfThePage(t *testing.T) {
	example, err := grammar(t).Example("caching")
	if err != nil {
		t.Fatal(err)
	}
	family, err := caching.Load(fstest.MapFS{"example.txt": {Data: example}}, "example.txt")
	if err != nil {
		t.Fatal(err)
	}
	r := penstock(t)
	for _, c := range family.Cases {
		if err := r.Play(c); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
	if len(family.Cases) != 2 {
		t.Errorf("the example has %d cases", len(family.Cases))
	}
}

// TestLoadPageHasEveryWord checks that the page describes the first word of each line, and in
// lines of origin, client and expectations also the second one, unless that is a field,
// a number or a method.
func TestLoadPageHasEveryWord(t *testing.T) {
	plain := regexp.MustCompile(`^[a-z][a-z-]*$`)
	missing, err := grammar(t).Missing(os.DirFS("."), "testdata/*.txt", func(l table.Line) (word, spellings string) {
		second, _, _ := strings.Cut(l.Rest, " ")
		if len(l.Word) != 1 || !plain.MatchString(second) {
			return l.Word, regexp.QuoteMeta(l.Word)
		}
		sign := regexp.QuoteMeta(l.Word)
		switch l.Word {
		case "?":
			sign = "[?=]" // the checks of requests are those of responses
		case "=":
			sign = "(= )?" // verbs have a table of their own
			return "= " + second, sign + second
		}
		return l.Word + " " + second, sign + " " + second
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range missing {
		t.Error(m)
	}
}
