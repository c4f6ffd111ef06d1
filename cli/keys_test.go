package cli

import (
	"os"
	"slices"
	"strings"
	"testing"

	"penstock/config"
	"penstock/policy"
)

const tables = "../docs/config.md"

// TestTablesOfKeys holds the tables of docs/config.md to what the configuration
// declares: every key has its row, in the order of the declaration, and says what it
// takes, its default and whether a reload can change it. `UPDATE=1 go test ./cli -run
// TablesOfKeys` writes the rows anew; a new key gets its row after the key before it.
func TestTablesOfKeys(t *testing.T) {
	before, err := os.ReadFile(tables)
	if err != nil {
		t.Fatal(err)
	}
	rows := config.Rows(policy.Table()...)
	after := string(before)
	for i, r := range rows {
		after = withRow(after, r.Path, r.String(), rows[max(i-1, 0)].Path)
	}
	if after != string(before) && os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(tables, []byte(after), 0o644); err != nil {
			t.Fatal(err)
		}
		before = []byte(after)
	}
	var got, want []string
	for line := range strings.Lines(string(before)) {
		if strings.HasPrefix(line, "| `") {
			got = append(got, strings.TrimSpace(line))
		}
	}
	for _, r := range rows {
		want = append(want, r.String())
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("docs/config.md has a row that no key declares:\n%s", line)
		}
	}
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("docs/config.md has no such row:\n%s", line)
		}
	}
	if !t.Failed() && !slices.Equal(got, want) {
		t.Error("docs/config.md has the rows in another order than the declaration")
	}
}

// withRow replaces the row of a key in the text, or adds it after that of another.
func withRow(text, key, row, after string) string {
	lines := strings.Split(text, "\n")
	is := func(key string) func(string) bool {
		return func(line string) bool { return strings.HasPrefix(line, "| `"+key+"` |") }
	}
	if i := slices.IndexFunc(lines, is(key)); i >= 0 {
		lines[i] = row
	} else if i := slices.IndexFunc(lines, is(after)); i >= 0 {
		lines = slices.Insert(lines, i+1, row)
	}
	return strings.Join(lines, "\n")
}
