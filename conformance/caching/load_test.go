package caching_test

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"penstock/conformance/caching"
	"penstock/conformance/table"
)

// fewest is the least number of cases of the suite.
const fewest = 400

// tables reads all families.
func tables(t *testing.T) []*caching.Table {
	t.Helper()
	all, err := table.LoadAll(os.DirFS("."), "testdata/*.txt", caching.Load)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestSuite checks that no cases have been lost.
func TestSuite(t *testing.T) {
	count := 0
	for _, table := range tables(t) {
		count += len(table.Cases)
	}
	if count < fewest {
		t.Errorf("%d cases, want at least %d", count, fewest)
	}
}

// load reads a table from text.
func load(text string) (*caching.Table, error) {
	return caching.Load(fstest.MapFS{"t.txt": {Data: []byte(text)}}, "t.txt")
}

const opening = "family f\nclause RFC 9111 §4\nroute on\n"

// TestLoadSkipsNothing counts cases without the loader: each line "case" makes one,
// or as many as the rows before it.
func TestLoadSkipsNothing(t *testing.T) {
	for _, table := range tables(t) {
		text, err := os.ReadFile("testdata/" + table.Family + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		want, rows := 0, 0
		for line := range strings.Lines(string(text)) {
			switch word, rest, _ := strings.Cut(strings.TrimSpace(line), " "); word {
			case "each":
				rows += len(strings.Fields(rest))
			case "row":
				rows++
			case "case":
				want += max(rows, 1)
				rows = 0
			}
		}
		if len(table.Cases) != want || rows != 0 {
			t.Errorf("%s: got %d cases and %d rows without one, want %d", table.Family, len(table.Cases), rows, want)
		}
	}
}

// TestLoadRefuses shows that what a table says is either understood or refused.
func TestLoadRefuses(t *testing.T) {
	for _, tc := range []struct{ name, text string }{
		{"a line before the first case", "= hit\n"},
		{"an unknown line", "case R x\n>\n= hit\n! what\n"},
		{"an unknown kind", "case Q x\n>\n= hit\n"},
		{"a case without a name", "case R\n>\n= hit\n"},
		{"a case without a request", "case R x\n< 200\n"},
		{"a request without an expectation", "case R x\n>\n>\n= hit\n"},
		{"an unknown verb", "case R x\n>\n= hits\n"},
		{"two verbs", "case R x\n>\n= hit\n= new\n"},
		{"a check before the verb", "case R x\n>\n= Age: 1\n= hit\n"},
		{"an expectation before a request", "case R x\n= hit\n"},
		{"a check that is none", "case R x\n>\n= hit\n= soon\n"},
		{"a field of no request", "case R x\n> Foo: 1\n>\n= hit\n"},
		{"a request in lower case", "case R x\n> get\n= hit\n"},
		{"an unknown part of an answer", "case R x\n< later\n>\n= hit\n"},
		{"a wait that is none", "case R x\nwait soon\n>\n= hit\n"},
		{"a wait of nothing", "case R x\nwait 0s\n>\n= hit\n"},
		{"a placeholder without a value", "row a\ncase R $2\n>\n= hit\n"},
		{"a placeholder without rows", "case R $\n>\n= hit\n"},
		{"rows without a case", "case R x\n>\n= hit\neach a b\n"},
		{"an unknown escape", "case R x\n< X: \\q\n>\n= hit\n"},
		{"a clause without a section", "clause RFC 9111\ncase R x\n>\n= hit\n"},
		{"an own answer without a status", "case R x\n>\n= own\n"},
		{"an answer to conditions before any other", "case R x\n< 304 conditional\n>\n= hit\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if table, err := load(opening + tc.text); err == nil {
				t.Errorf("understood as %d cases", len(table.Cases))
			}
		})
	}
}

// TestLoadReadsRows shows what rows make of a case.
func TestLoadReadsRows(t *testing.T) {
	table, err := load(opening + "row a | hit\nrow b | new\ncase O is $1\nclause RFC 9110 §1\n> GET\n= $2\ncase R next\nroute other\n>\n= hit\n")
	if err != nil {
		t.Fatal(err)
	}
	if len(table.Cases) != 3 {
		t.Fatalf("got %d cases, want 3", len(table.Cases))
	}
	for i, want := range []struct {
		name, clause, route string
		verb                caching.Verb
	}{
		{"is a", "RFC 9110 §1", "on", caching.Hit},
		{"is b", "RFC 9110 §1", "on", caching.New},
		{"next", "RFC 9111 §4", "other", caching.Hit},
	} {
		c := table.Cases[i]
		if c.Name != want.name || c.Clause != want.clause || c.Route != want.route || c.Steps[0].Ask.Verb != want.verb {
			t.Errorf("case %d: got %q, %q, %q, %v, want %v", i, c.Name, c.Clause, c.Route, c.Steps[0].Ask.Verb, want)
		}
	}
}
