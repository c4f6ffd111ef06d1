package main

import (
	"fmt"
	"path"
	"slices"
	"testing"

	"penstock/structure/measure"
)

// owned is a struct whose fields are assigned in few places.
type owned struct {
	folder, name string
	by           []string // folders, or files such as gateway/prepare.go, that may assign
	elsewhere    int      // places that assign although they may not; may only fall
	planned      bool     // the type does not exist yet
}

// writers lists the structs of a request that have one writer each. Set planned
// to false when the type comes into being, and name its constructors in by.
func writers() []owned {
	return []owned{
		{folder: "downstream", name: "Request", by: []string{"downstream/request.go"}},
		{folder: "response", name: "Response", by: []string{"response"}},
		{folder: "httpcache", name: "Transaction", by: []string{"httpcache"}},
		{folder: "gateway", name: "outbound", by: []string{"gateway/outbound.go", "gateway/prepare.go", "gateway/forward.go"}},
	}
}

// TestOneWriter reads all code that is no test and fails when a field of a
// struct in writers is assigned elsewhere, or set by a literal.
func TestOneWriter(t *testing.T) {
	m, err := loadOnce()
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range writers() {
		writes, exists := m.Writes(o.folder, o.name)
		switch {
		case exists == o.planned:
			t.Errorf("%s.%s: exists is %v, planned is %v", o.folder, o.name, exists, o.planned)
		case exists:
			for _, problem := range foreignWrites(o, writes) {
				t.Error(problem)
			}
		}
	}
}

// foreignWrites compares the writes that o does not allow with its ceiling.
func foreignWrites(o owned, writes []measure.Write) []string {
	var problems []string
	for _, w := range writes {
		file := path.Join(w.Folder, w.File)
		if !slices.ContainsFunc(o.by, func(by string) bool { return by == w.Folder || by == file }) {
			problems = append(problems, fmt.Sprintf("%s:%d: sets %s of %s.%s, which belongs to %v", file, w.Line, w.What, o.folder, o.name, o.by))
		}
	}
	switch n := len(problems); {
	case n == o.elsewhere:
		return nil
	case n < o.elsewhere:
		return []string{fmt.Sprintf("%s.%s: %d writes elsewhere, the table allows %d: lower it", o.folder, o.name, n, o.elsewhere)}
	}
	return problems
}

func TestForeignWriteIsNoticed(t *testing.T) {
	writes := []measure.Write{
		{Folder: "low", File: "new.go", Line: 3, What: "N"},
		{Folder: "low", File: "other.go", Line: 4, What: "N"},
		{Folder: "high", File: "new.go", Line: 5, What: "a literal"},
	}
	for _, tc := range []struct {
		name string
		o    owned
		want int // problems
	}{
		{"by one file", owned{by: []string{"low/new.go"}}, 2},
		{"by a folder", owned{by: []string{"low"}}, 1},
		{"by both", owned{by: []string{"low", "high"}}, 0},
		{"as many as the table allows", owned{by: []string{"low"}, elsewhere: 1}, 0},
		{"more than the table allows", owned{elsewhere: 2}, 3},
		{"fewer than the table allows", owned{by: []string{"low"}, elsewhere: 2}, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := foreignWrites(tc.o, writes); len(got) != tc.want {
				t.Errorf("got %q, want %d problems", got, tc.want)
			}
		})
	}
}
