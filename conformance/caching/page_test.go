package caching_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"penstock/conformance/caching"
)

var writePage = flag.Bool("page", false, "write the table of cases into docs/caching.md")

const (
	page      = "../../docs/caching.md"
	pageBegin = "<!-- cases -->\n"
	pageEnd   = "<!-- end -->\n"
)

// TestPage compares the tables in docs/caching.md with the cases and tests:
//
//	go test ./conformance/caching -run TestPage -page
//
// writes it.
func TestPage(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), pageBegin)
	old, after, ended := strings.Cut(rest, pageEnd)
	if !found || !ended {
		t.Fatalf("%s has no place for the table", page)
	}
	want := counts(tables(t)) + goTests(t) + rows(tables(t))
	if *writePage {
		if err := os.WriteFile(page, []byte(before+pageBegin+want+pageEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if old != want {
		t.Errorf("%s does not list the cases as they are; write it with -page", page)
	}
}

// counts returns a table with the number of cases of each kind in each family.
func counts(all []*caching.Table) string {
	kinds := []caching.Kind{caching.Required, caching.Optimal, caching.Choice, caching.Beyond}
	var out strings.Builder
	out.WriteString("\n| family | R | O | C | P |\n|---|---|---|---|---|\n")
	line := func(name string, number map[caching.Kind]int) {
		out.WriteString("| " + name)
		for _, k := range kinds {
			fmt.Fprintf(&out, " | %d", number[k])
		}
		out.WriteString(" |\n")
	}
	sum := map[caching.Kind]int{}
	for _, table := range all {
		number := map[caching.Kind]int{}
		for _, c := range table.Cases {
			number[c.Kind]++
			sum[c.Kind]++
		}
		line("["+table.Family+"](#"+table.Family+")", number)
	}
	line("together", sum)
	return out.String()
}

// rows is one table of cases for each family.
func rows(all []*caching.Table) string {
	var out strings.Builder
	for _, table := range all {
		fmt.Fprintf(&out, "\n### %s\n\n| | case of TestCases/%s | by |\n|---|---|---|\n", table.Family, table.Family)
		for _, c := range table.Cases {
			fmt.Fprintf(&out, "| %s | `%s` | %s |\n", c.Kind, strings.ReplaceAll(c.Name, "|", "\\|"), c.Clause)
		}
	}
	out.WriteString("\n")
	return out.String()
}

// cell escapes text for a table.
func cell(text string) string {
	return strings.NewReplacer("|", "\\|", "*", "\\*", "<", "&lt;", "_", "\\_").Replace(text)
}

// goTests lists the other tests with their comments.
func goTests(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	test := regexp.MustCompile(`(?m)((?:^// .*\n)+)^func (Test\w+)\(`)
	own := map[string]bool{"TestCases": true, "TestPage": true, "TestSuite": true}
	var out strings.Builder
	out.WriteString("\n### in Go\n\n| test | shows |\n|---|---|\n")
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range test.FindAllStringSubmatch(string(text), -1) {
			if own[m[2]] || strings.HasPrefix(m[2], "TestLoad") {
				continue
			}
			says := strings.Join(strings.Fields(strings.ReplaceAll(m[1], "//", "")), " ")
			says = strings.TrimPrefix(says, m[2]+" ")
			fmt.Fprintf(&out, "| `%s` | %s |\n", m[2], cell(says))
		}
	}
	return out.String()
}
