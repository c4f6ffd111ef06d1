package cli

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"
)

const schemaFile = "../config.schema.json"

// TestSchemaIsCommitted holds the file beside config.yaml to what `penstock schema`
// prints. `UPDATE=1 go test ./cli -run Schema` writes it anew.
func TestSchemaIsCommitted(t *testing.T) {
	var out, complaints bytes.Buffer
	p := Program{Args: []string{"schema"}, Stdout: &out, Stderr: &complaints}
	if code := Main(p); code != exitGood {
		t.Fatalf("exit code %d: %s", code, &complaints)
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(schemaFile, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(committed, out.Bytes()) {
		t.Error("config.schema.json is not what `penstock schema` prints")
	}
}

func TestShippedFileNamesItsSchema(t *testing.T) {
	text, err := os.ReadFile("../config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if want := "# yaml-language-server: $schema=./config.schema.json\n"; !strings.HasPrefix(string(text), want) {
		t.Errorf("config.yaml does not begin with %q", want)
	}
}

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("config.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("config.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// errNotYAML is what keeps a file from being judged by a schema at all.
var errNotYAML = errors.New("not YAML")

// judge validates a file as an editor does: variables are not replaced.
func judge(t *testing.T, s *jsonschema.Schema, file string) error {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var doc any
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return errNotYAML
	}
	return s.Validate(asJSON(doc))
}

// asJSON turns what the YAML library makes into what JSON would be: keys are texts.
func asJSON(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, inner := range v {
			v[k] = asJSON(inner)
		}
		return v
	case map[any]any:
		m := make(map[string]any)
		for k, inner := range v {
			text, _ := yaml.Marshal(k)
			m[strings.Trim(strings.TrimSpace(string(text)), `"`)] = asJSON(inner)
		}
		return m
	case []any:
		for i := range v {
			v[i] = asJSON(v[i])
		}
		return v
	}
	return v
}

func TestSchemaTakesEveryGoodFile(t *testing.T) {
	s := compileSchema(t)
	files, err := filepath.Glob("../config/testdata/*.good.yaml")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range append(files, "../config.yaml") {
		if err := judge(t, s, file); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// beyondSchema are the bad files that the schema takes, with the reason.
func beyondSchema() map[string]string {
	return map[string]string{
		"admin-port":     "two listeners of one port",
		"all-drained":    "weights that are all zero",
		"cache-memory":   "steps of 32MiB",
		"cache-object":   "a bound that is another key",
		"documents":      "a second document",
		"environment":    "variables, which an editor does not have",
		"log-off":        "a file whose name is a word of YAML",
		"ports":          "two listeners of one port",
		"route-same":     "routes that take the same requests",
		"route-shadowed": "routes that are never reached",
		"secret-printed": "a text that is any text",
		"strip-prefix":   "a prefix that the path does not have",
		"tls":            "files that are not there",
		"upgrades":       "names with a meaning",
		"uri":            "a bound that is another key",
	}
}

// TestSchemaRefusesBadFiles: by the schema a file is invalid whose problem is the name of a
// key, a type, a unit or an enumeration. Files with problems that a schema cannot express
// are listed; they are at most a third.
func TestSchemaRefusesBadFiles(t *testing.T) {
	s := compileSchema(t)
	files, err := filepath.Glob("../config/testdata/*.bad.yaml")
	if err != nil || len(files) < 60 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	beyond := beyondSchema()
	listed := slices.Sorted(maps.Keys(beyond))
	var taken []string
	notYAML := 0
	for _, file := range files {
		switch err := judge(t, s, file); err {
		case nil:
			taken = append(taken, strings.TrimSuffix(filepath.Base(file), ".bad.yaml"))
		case errNotYAML:
			notYAML++
		}
	}
	if !slices.Equal(taken, listed) {
		t.Errorf("the schema takes\n%q\nlisted are\n%q", taken, listed)
	}
	t.Logf("%d files: %d are no YAML, %d are beyond the schema", len(files), notYAML, len(listed))
	if 3*len(listed) > len(files) {
		t.Errorf("%d of %d files are beyond the schema, more than a third", len(listed), len(files))
	}
}
