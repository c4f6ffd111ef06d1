package main

import (
	"bytes"
	"fmt"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"penstock/cli"
)

// documents are the pages whose commands and links are held to the truth.
func documents() []string {
	return []string{
		"README.md", "CONTRIBUTING.md", "loadtest/README.md", "docs/architecture.md", "docs/config.md",
		"docs/caching.md", "docs/conformance.md", "docs/container.md", "docs/metrics.md", "docs/operations.md", "docs/resilience.md", "docs/decisions/README.md",
	}
}

// TestDocumentedCommandsExist asks the command itself about each subcommand
// that a page names, and about each flag that follows it.
func TestDocumentedCommandsExist(t *testing.T) {
	invocation := regexp.MustCompile("(?m)(?:^|[\\s/`])(?:penstock|go run \\.) (\\w+)((?: +-\\w+ +[^\\s-]\\S*)*)")
	flag := regexp.MustCompile(` -(\w+)`)
	seen := 0
	for _, name := range documents() {
		for _, found := range invocation.FindAllStringSubmatch(codeOf(read(t, name)), -1) {
			seen++
			help := helpOf(found[1])
			if help == "" {
				t.Errorf("%s: %q: there is no such command", name, strings.TrimSpace(found[0]))
			}
			for _, f := range flag.FindAllStringSubmatch(found[2], -1) {
				if !strings.Contains(help, "\n  -"+f[1]+" ") {
					t.Errorf("%s: %q: there is no flag -%s", name, strings.TrimSpace(found[0]), f[1])
				}
			}
		}
	}
	if seen < 10 {
		t.Errorf("found %d commands in %v; is the expression still right?", seen, documents())
	}
}

// codeOf returns the code spans and code blocks of a page: only they are commands.
func codeOf(text string) string {
	return strings.Join(regexp.MustCompile("(?s)```.*?```|`[^`]+`").FindAllString(text, -1), "\n")
}

// helpOf returns the help of a subcommand, "" when there is none.
func helpOf(command string) string {
	var out bytes.Buffer
	args := []string{command, "-h"}
	if command == "help" {
		args = args[:1]
	}
	if cli.Main(cli.Program{Args: args, Stdout: &out, Stderr: new(bytes.Buffer)}) != 0 {
		return ""
	}
	return out.String()
}

// TestLinksLeadSomewhere holds the relative links of every page to files.
func TestLinksLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#]+)(#[^)]*)?\)`)
	for _, name := range documents() {
		for _, found := range link.FindAllStringSubmatch(read(t, name), -1) {
			if strings.Contains(found[1], "://") {
				continue
			}
			if _, err := os.Stat(path.Join(path.Dir(name), found[1])); err != nil {
				t.Errorf("%s: link to %s: %v", name, found[1], err)
			}
		}
	}
}

// TestReadmeNamesTheLine holds the position in the message that the tour shows
// to the shipped configuration.
func TestReadmeNamesTheLine(t *testing.T) {
	before, _, found := strings.Cut(read(t, "config.yaml"), "\n    retry:")
	want := fmt.Sprintf("\nconfig.yaml:%d:5: routes[0].retires: ", strings.Count(before, "\n")+2)
	if !found || !strings.Contains(read(t, "README.md"), want) {
		t.Errorf("README.md: want %q", strings.TrimSpace(want))
	}
}

// TestReadmeAndGateAgree keeps the two promised commands in both places.
func TestReadmeAndGateAgree(t *testing.T) {
	readme := read(t, "README.md")
	for _, want := range []string{"\ngo run . demo", "\ngo test ./..."} {
		if !strings.Contains(readme, want) {
			t.Errorf("README.md: want a line that begins with %q", strings.TrimSpace(want))
		}
	}
	if !strings.Contains(read(t, ".ci/run"), "\nstage_test() {\n\tgo test ./...\n}\n") {
		t.Error(".ci/run: want the stage test to be go test ./... as README.md has it")
	}
}

// TestPagesNameTheAddressOfTheDemo compares README and Makefile with the shipped
// configuration, which the demo runs.
func TestPagesNameTheAddressOfTheDemo(t *testing.T) {
	listen := regexp.MustCompile(`(?m)^listen: "\$\{PENSTOCK_LISTEN:-(.*?):(\d+)\}"`).FindStringSubmatch(read(t, "config.yaml"))
	if listen == nil || listen[1] != "" {
		t.Fatalf("config.yaml: got %q, want a port of every address", listen)
	}
	want := regexp.MustCompile(`(?m)\bdemo\b.*port ` + listen[2] + ` of every address`)
	for _, name := range []string{"README.md", "Makefile"} {
		if !want.MatchString(read(t, name)) {
			t.Errorf("%s: no line says that the demo is on port %s of every address", name, listen[2])
		}
	}
}
