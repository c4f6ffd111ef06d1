package config

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"penstock/policy"
)

// testFiles returns the files below testdata that match, at least some of them.
func testFiles(t testing.TB, match string, atLeast int) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", match))
	if err != nil || len(files) < atLeast {
		t.Fatalf("testdata/%s: %d files, want at least %d (%v)", match, len(files), atLeast, err)
	}
	return files
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// testEnv is the environment of the test files.
func testEnv(name string) (string, bool) {
	value, set := map[string]string{"TOKEN": "s3cret", "EMPTY": ""}[name]
	return value, set
}

// mustParse reads a configuration that has no problem.
func mustParse(t testing.TB, text string) *Config {
	t.Helper()
	c, err := Parse("config.yaml", []byte(text), testEnv, policy.Table()...)
	if err != nil {
		t.Fatalf("got %v\nfor\n%s", err, text)
	}
	return c
}

// TestBadFiles holds the complete list of problems of each file against the
// "# want: " lines at its top.
func TestBadFiles(t *testing.T) {
	for _, name := range testFiles(t, "*.bad.yaml", 30) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			data := read(t, name)
			var want []string
			for line := range strings.Lines(string(data)) {
				if text, found := strings.CutPrefix(line, "# want: "); found {
					want = append(want, strings.TrimSpace(text))
				}
			}
			c, err := Parse("config.yaml", data, testEnv, policy.Table()...)
			var problems Errors
			if !errors.As(err, &problems) || c != nil {
				t.Fatalf("got %v and error %v, want Errors alone", c, err)
			}
			got := strings.Split(problems.Error(), "\n")
			for _, line := range got {
				if !slices.Contains(want, line) {
					t.Errorf("unwanted: %s", line)
				}
			}
			for _, line := range want {
				if !slices.Contains(got, line) {
					t.Errorf("missing:  %s", line)
				}
			}
			if !t.Failed() && !slices.Equal(got, want) {
				t.Errorf("not in the order of the file:\n%s", problems)
			}
		})
	}
}

func TestGoodFiles(t *testing.T) {
	for _, name := range testFiles(t, "*.good.yaml", 5) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			c := mustParse(t, string(read(t, name)))
			if len(c.Routes) == 0 {
				t.Error("no route was read")
			}
		})
	}
}

func TestLoadReadsTheEnvironment(t *testing.T) {
	t.Setenv("PENSTOCK_TEST_ORIGIN", "10.1.2.3:80")
	path := filepath.Join(t.TempDir(), "config.yaml")
	text := `routes: [{ path: "/*", upstream: "http://${PENSTOCK_TEST_ORIGIN}" }]`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := c.Upstreams[0].Backends[0].Address(), "10.1.2.3:80"; got != want {
		t.Errorf("got backend %q, want %q", got, want)
	}
}

func TestLoadRefusesWhatItCannotRead(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.yaml")
	_, err := Load(missing)
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), missing+": no such file; name one with -config FILE") {
		t.Errorf("missing file: got %v", err)
	}
	if _, err := Load(t.TempDir()); err == nil {
		t.Error("a folder: got no error")
	}
}

func TestAccessLogBeginsInTheFolderOfTheFile(t *testing.T) {
	folder := t.TempDir()
	absolute := filepath.Join(folder, "b.log")
	for text, want := range map[string]string{
		"a.log":                          filepath.Join(folder, "a.log"),
		"{ file: logs/a.log }":           filepath.Join(folder, "logs", "a.log"),
		filepath.ToSlash(absolute):       absolute,
		"stdout":                         "stdout",
		"{ file: stderr, format: text }": "stderr",
		"{ file: \"" + filepath.ToSlash(absolute) + "\" }": absolute,
	} {
		file := `{ routes: [{ path: "/*", upstream: "http://a:1" }], log: { access: ` + text + ` } }`
		c, err := Parse(filepath.Join(folder, "config.yaml"), []byte(file), nil, policy.Table()...)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, text, c.Log.Access.File, want)
	}
}
