package table

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// words are the family and the names of the cases.
type words []string

func (w words) Names() (family string, cases []string) { return w[0], w[1:] }

// TestLoadAll uses tables whose text is the family and the names of the cases.
func TestLoadAll(t *testing.T) {
	load := func(files fs.FS, name string) (words, error) {
		text, err := fs.ReadFile(files, name)
		if strings.Contains(string(text), "bad") {
			err = errors.New("a bad table")
		}
		return strings.Fields(string(text)), err
	}
	for _, tc := range []struct {
		name    string
		b, want string
	}{
		{"all are well", "b one two", ""},
		{"one cannot be loaded", "b bad", "a bad table"},
		{"another family than the file's", "c one", `t/b.txt: the family is "c", want "b"`},
		{"one name twice", "b one two one", `t/b.txt: two cases are called "one"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			files := fstest.MapFS{"t/a.txt": {Data: []byte("a one")}, "t/b.txt": {Data: []byte(tc.b)}, "t/c.md": {Data: []byte("bad")}}
			all, err := LoadAll(files, "t/*.txt", load)
			switch {
			case tc.want == "" && (err != nil || len(all) != 2 || !slices.Equal(all[1], []string{"b", "one", "two"})):
				t.Errorf("got %q, %v", all, err)
			case tc.want != "" && (err == nil || err.Error() != tc.want):
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
	if _, err := LoadAll(fstest.MapFS{}, "t/*.txt", load); err == nil {
		t.Error("no tables: got no error")
	}
}
