package main

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"penstock/structure/measure"
)

// loadOnce type-checks the module for all tests that need its types.
var loadOnce = sync.OnceValues(func() (*measure.Module, error) { return measure.Load(".") })

// figures are the sizes of one package that have a bound.
type figures struct {
	files, lines int // of the largest circle of files
	methods      int // of a type, those of embedded structs of ours included
	fields       int // of a struct, those of embedded structs of ours included
	iface        int // methods of an interface
	file         int // lines of a file
}

// bounds hold for each package of the request path.
func bounds() figures {
	return figures{files: 12, lines: 2000, methods: 40, fields: 25, iface: 8, file: maxFileLines}
}

// requestPath reports whether a folder belongs to the path of a request.
func requestPath(folder string) bool {
	return under(folder, "downstream") || slices.Contains([]string{
		"gateway", "httpcache", "cache", "conn", "response", "routing", "policy", "upstream", "health", "lb",
	}, folder)
}

// aboveBounds lists the packages that do not meet the bounds yet, with ceilings
// for what is above them. Lower a ceiling when the figure has fallen, and set it
// to 0 when the bound is met. `go run ./structure -v gateway` lists what makes
// the circle of a package.
func aboveBounds() map[string]figures {
	return map[string]figures{}
}

// TestStructureOfTheRequestPath holds circles, types, interfaces and files to their bounds.
func TestStructureOfTheRequestPath(t *testing.T) {
	m, err := loadOnce()
	if err != nil {
		t.Fatal(err)
	}
	ceilings := aboveBounds()
	for _, p := range m.Packages {
		if !requestPath(p.Folder()) {
			continue
		}
		for _, problem := range judge(sizesOf(p), bounds(), ceilings[p.Folder()]) {
			t.Errorf("%s: %s", p.Folder(), problem)
		}
		for _, name := range p.Forwarders() {
			t.Errorf("%s: %s adds nothing to the pointer that it embeds", p.Folder(), name)
		}
		delete(ceilings, p.Folder())
	}
	for folder := range ceilings {
		t.Errorf("aboveBounds names %s, which is no package of the request path", folder)
	}
}

func sizesOf(p *measure.Package) map[string]measure.Sized {
	sizes := map[string]measure.Sized{
		"methods": p.MostMethods(), "fields": p.MostFields(), "iface": p.LargestInterface(), "file": p.LargestFile(),
	}
	if p.Folder() == "downstream" {
		sizes["iface"] = p.LargestInterfaceBut("Stream") // house rule: the one argued exception
	}
	for _, c := range p.Circles() {
		sizes["files"] = larger(sizes["files"], measure.Sized{Name: "with " + c.Files[0].Name, Size: len(c.Files)})
		sizes["lines"] = larger(sizes["lines"], measure.Sized{Name: "with " + c.Files[0].Name, Size: c.Lines})
	}
	return sizes
}

func larger(a, b measure.Sized) measure.Sized {
	if b.Size > a.Size {
		return b
	}
	return a
}

// judge compares sizes with their bounds. A ceiling takes the place of a bound
// that is not met yet; one whose bound is met is a problem, too.
func judge(sizes map[string]measure.Sized, bound, ceiling figures) []string {
	var problems []string
	for _, row := range []struct {
		name, what     string
		bound, ceiling int
	}{
		{"files", "files in the circle", bound.files, ceiling.files},
		{"lines", "lines in the circle", bound.lines, ceiling.lines},
		{"methods", "methods on", bound.methods, ceiling.methods},
		{"fields", "fields in", bound.fields, ceiling.fields},
		{"iface", "methods in interface", bound.iface, ceiling.iface},
		{"file", "lines in file", bound.file, ceiling.file},
	} {
		got := sizes[row.name]
		switch {
		case row.ceiling > 0 && got.Size <= row.bound:
			problems = append(problems, fmt.Sprintf("%d %s %s meet the bound of %d: take the ceiling %s out of aboveBounds",
				got.Size, row.what, got.Name, row.bound, row.name))
		case got.Size > max(row.bound, row.ceiling):
			problems = append(problems, fmt.Sprintf("%d %s %s, want at most %d", got.Size, row.what, got.Name, max(row.bound, row.ceiling)))
		}
	}
	return problems
}

// TestBoundsCanFail shows that each bound is applied.
func TestBoundsCanFail(t *testing.T) {
	bound := figures{files: 2, lines: 100, methods: 3, fields: 4, iface: 5, file: 6}
	for _, tc := range []struct {
		name, figure string
		size         int
		ceiling      figures
		want         []string
	}{
		{"at the bound", "files", 2, figures{}, nil},
		{"above the bound", "files", 3, figures{}, []string{"3 files in the circle T, want at most 2"}},
		{"lines", "lines", 101, figures{}, []string{"101 lines in the circle T, want at most 100"}},
		{"methods", "methods", 4, figures{}, []string{"4 methods on T, want at most 3"}},
		{"fields", "fields", 5, figures{}, []string{"5 fields in T, want at most 4"}},
		{"interface", "iface", 6, figures{}, []string{"6 methods in interface T, want at most 5"}},
		{"file", "file", 7, figures{}, []string{"7 lines in file T, want at most 6"}},
		{"below the ceiling", "files", 8, figures{files: 9}, nil},
		{"above the ceiling", "files", 10, figures{files: 9}, []string{"10 files in the circle T, want at most 9"}},
		{"a ceiling that is not needed", "files", 2, figures{files: 9}, []string{"2 files in the circle T meet the bound of 2: take the ceiling files out of aboveBounds"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			sizes := map[string]measure.Sized{tc.figure: {Name: "T", Size: tc.size}}
			if got := judge(sizes, bound, tc.ceiling); !slices.Equal(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
