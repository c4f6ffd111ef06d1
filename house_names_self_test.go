package main

import (
	"testing"
	"testing/fstest"
)

func TestNamesAreLookedUp(t *testing.T) {
	known, err := indexNames(fstest.MapFS{
		"low/a.go":     {Data: []byte("package low\n\ntype Store struct{ Keys int }\n\nfunc (Store) Put() {}\nfunc New() { const m = \"penstock_low_total\" }\nfunc keepAll() {}\n")},
		"docs/a.md":    {Data: []byte("text")},
		"CHANGELOG.md": {Data: []byte("`gone.go`")},
	}, []string{"limits", "limits.body", "routes[].cache", "routes[].cache.ttl"})
	if err != nil {
		t.Fatal(err)
	}
	if len(known.documents) != 1 {
		t.Errorf("documents: got %v, want docs/a.md alone", known.documents)
	}
	for _, tc := range []struct {
		name, word, folder string
		wrong              bool
	}{
		{"a file", "low/a.go", "docs", false},
		{"a file beside the document", "a.md", "docs", false},
		{"a pattern", "low/*.go", "docs", false},
		{"a file that is gone", "low/b.go", "docs", true},
		{"a file of another folder", "a.go", "docs", true},
		{"a folder", "low/", "docs", false},
		{"a folder that is gone", "high/", "docs", true},
		{"a function of a package", "low.New", "docs", false},
		{"one that is gone", "low.Old", "docs", true},
		{"a method", "low.Store.Put", "docs", false},
		{"a field", "low.Store.Keys", "docs", false},
		{"a member that is gone", "low.Store.Get", "docs", true},
		{"a method without its package", "Store.Put", "docs", false},
		{"one that is gone, without its package", "Store.Got", "docs", true},
		{"a call", "New()", "docs", false},
		{"a call that is gone", "Old()", "docs", true},
		{"an identifier", "keepAll", "docs", false},
		{"an identifier that is gone", "keepNone", "docs", true},
		{"a metric", "penstock_low_total{route}", "docs", false},
		{"a family of metrics", "penstock_low_*", "docs", false},
		{"a metric that is gone", "penstock_high_total", "docs", true},
		{"a key", "limits.body", "docs", false},
		{"a key of a list", "routes[].cache.ttl", "docs", false},
		{"the end of a key", "cache.ttl", "docs", false},
		{"a key that is gone", "limits.head", "docs", true},
		{"a dotted word that is no key", "example.com", "docs", false},
		{"a word", "anything", "docs", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := known.resolve(tc.word, tc.folder); (got != "") != tc.wrong {
				t.Errorf("%s: got %q", tc.word, got)
			}
		})
	}
}
