package config

import (
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"penstock/options"
)

// row is one line of the tables in docs/config.md.
type row struct{ key, takes, byDefault, reload string }

func documented(t *testing.T) []row {
	t.Helper()
	var rows []row
	for line := range strings.Lines(string(read(t, "../docs/config.md"))) {
		line, found := strings.CutPrefix(strings.TrimSpace(line), "| `")
		if !found {
			continue
		}
		cells := strings.Split(strings.TrimSuffix(line, "|"), "|")
		if len(cells) != 4 {
			t.Errorf("row has %d columns, want 4: %s", len(cells), line)
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, row{strings.TrimSuffix(cells[0], "`"), cells[1], cells[2], cells[3]})
	}
	return rows
}

func TestDocsNameEveryKey(t *testing.T) {
	var keys []string
	for _, r := range documented(t) {
		keys = append(keys, r.key)
		if r.takes == "" {
			t.Errorf("%s: says nothing about what it takes", r.key)
		}
	}
	want := Keys()
	for _, key := range want {
		if !slices.Contains(keys, key) {
			t.Errorf("docs/config.md does not list %s", key)
		}
	}
	for _, key := range keys {
		if !slices.Contains(want, key) {
			t.Errorf("docs/config.md lists %s, which is no key", key)
		}
	}
	if !t.Failed() && !slices.Equal(keys, want) {
		t.Errorf("docs/config.md has another order than Keys:\n%q", want)
	}
}

func TestDocsSayWhatAReloadTakes(t *testing.T) {
	restart := make(map[string]bool)
	Default().section(nil).Walk(func(path string, k options.Key) { restart[path] = k.Restart })
	for _, r := range documented(t) {
		want := "yes"
		if restart[r.key] {
			want = "restart"
		}
		if r.reload != want {
			t.Errorf("%s: docs/config.md says reload %q, want %q", r.key, r.reload, want)
		}
	}
}

// TestDocsDefaults holds the default column against what a file gets that names
// nothing. Keys that are absent by default have no value to compare.
func TestDocsDefaults(t *testing.T) {
	c := mustParse(t, `
upstreams: { u: "http://a:1" }
routes: [{ path: "/*", upstream: u }]`)
	printed, err := c.YAML()
	if err != nil {
		t.Fatal(err)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(printed, &doc); err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, r := range documented(t) {
		got, found := lookUp(doc.Content[0], strings.ReplaceAll(r.key, "upstreams.*", "upstreams.u"))
		inherited := strings.HasPrefix(r.byDefault, "as ") || r.byDefault == "required" || r.byDefault == "one of three"
		if !found || inherited {
			continue
		}
		compared++
		if got != strings.Trim(r.byDefault, "`") {
			t.Errorf("%s: docs/config.md says default %q, a file gets %q", r.key, r.byDefault, got)
		}
	}
	if compared < 40 {
		t.Errorf("compared %d defaults, want at least 40", compared)
	}
}

// lookUp finds a scalar, or a list of them, by its path; items of lists are the first ones.
func lookUp(n *yaml.Node, path string) (string, bool) {
	for step := range strings.SplitSeq(path, ".") {
		key, item := strings.CutSuffix(step, "[]")
		i := slices.IndexFunc(n.Content, func(k *yaml.Node) bool { return k.Value == key })
		if n.Kind != mappingNode || i < 0 {
			return "", false
		}
		n = n.Content[i+1]
		if item {
			n = n.Content[0]
		}
	}
	switch n.Kind {
	case scalarNode:
		return n.Value, true
	case sequenceNode:
		var items []string
		for _, c := range n.Content {
			items = append(items, c.Value)
		}
		return "[" + strings.Join(items, ", ") + "]", true
	}
	return "", false
}
