package config

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"

	"penstock/policy"
)

// FuzzParse holds: a file is refused with positions in it, or what it means
// survives being printed and read again.
func FuzzParse(f *testing.F) {
	for _, name := range append(testFiles(f, "*.yaml", 35), "../config.yaml") {
		f.Add(read(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("config.yaml", data, testEnv, policy.Table()...)
		if err != nil {
			checkErrors(t, data, err)
			return
		}
		if c.Admin.Token != "" || secret(c) {
			return // does not come back, by design
		}
		again, printed := roundTrip(t, c)
		if !reflect.DeepEqual(again, c) {
			t.Errorf("lost in print:\n got %+v\nwant %+v\n%s", again, c, printed)
		}
		names := make(map[string]bool)
		for _, r := range c.Routes {
			if names[r.Name()] {
				t.Errorf("two routes are called %q", r.Name())
			}
			names[r.Name()] = true
		}
	})
}

func checkErrors(t *testing.T, data []byte, err error) {
	t.Helper()
	var problems Errors
	if !errors.As(err, &problems) || len(problems) == 0 {
		t.Fatalf("got error %v, want Errors", err)
	}
	lines := bytes.Count(data, []byte("\n")) + bytes.Count(data, []byte("\r")) + bytes.Count(data, []byte("\u0085")) +
		bytes.Count(data, []byte("\u2028")) + bytes.Count(data, []byte("\u2029")) + 1
	for i, p := range problems {
		if p.Line > lines || p.Text == "" || p.Line > 0 && p.Column < 1 {
			t.Errorf("problem outside of the file: %v", p)
		}
		if i > 0 && problems[i-1].Line > p.Line {
			t.Errorf("problems out of order: %v", problems)
		}
	}
}

// secret reports whether printing c hides something.
func secret(c *Config) bool {
	printed, err := c.YAML()
	return err == nil && strings.Contains(string(printed), redacted)
}
