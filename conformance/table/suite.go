package table

import (
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// Table is one family of cases, as a suite has loaded it from one file.
type Table interface {
	// Names returns the name of the family and the names of its cases in the order of the file.
	Names() (family string, cases []string)
}

// LoadAll loads the tables of a suite by load, in the order of the names of the files that pattern
// selects, as in fs.Glob. It returns nil and an error when pattern is wrong or selects no file, when
// load fails, when a family is not called like its file without the extension, and when two cases
// of a family have one name.
func LoadAll[T Table](files fs.FS, pattern string, load func(fs.FS, string) (T, error)) ([]T, error) {
	found, err := fs.Glob(files, pattern)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("%s: no tables", pattern)
	}
	if err != nil {
		return nil, err
	}
	var all []T
	for _, file := range found {
		t, err := load(files, file)
		if err != nil {
			return nil, err
		}
		family, cases := t.Names()
		if want := strings.TrimSuffix(path.Base(file), path.Ext(file)); family != want {
			return nil, fmt.Errorf("%s: the family is %q, want %q", file, family, want)
		}
		seen := map[string]bool{}
		for _, c := range cases {
			if seen[c] {
				return nil, fmt.Errorf("%s: two cases are called %q", file, c)
			}
			seen[c] = true
		}
		all = append(all, t)
	}
	return all, nil
}
