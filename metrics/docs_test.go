package metrics

import (
	"os"
	"strings"
	"testing"
)

func TestEveryNameIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(string(page)) {
		if strings.HasPrefix(line, "| `penstock_") {
			rows++
		}
	}
	for _, f := range families() {
		row := "| `" + f.name + "` | " + string(f.kind) + " | " + strings.ReplaceAll(f.help, "|", "\\|") + " |\n"
		if !strings.Contains(string(page), row) {
			t.Errorf("docs/metrics.md lacks the row\n%s", row)
		}
	}
	if rows != len(families()) {
		t.Errorf("docs/metrics.md has %d rows, there are %d names", rows, len(families()))
	}
}
