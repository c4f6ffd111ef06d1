package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"penstock/policy"
)

// numbered writes n lines of a format with their numbers.
func numbered(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

const oneRoute = "routes: [{ path: /, respond: 200 }]\n"

// TestHostileFilesTakeNoTime holds that no file costs more than its size: each takes
// well below a second. The bound has room for a busy machine; what it guards against
// took minutes.
func TestHostileFilesTakeNoTime(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       string // in the error; "" is none
	}{
		{"brackets", strings.Repeat("[", 1<<20), "the [ that opens here is not closed"},
		{"braces", strings.Repeat("{", 1<<20), "the { that opens here is not closed"},
		{"brackets on lines", strings.Repeat("[\n", 1<<19), "the [ that opens here is not closed"},
		{"items in items", strings.Repeat("- ", 1<<19), "not YAML: exceeded max depth"},
		{"closed, and deep", "a: " + strings.Repeat("[", 9000) + strings.Repeat("]", 9000), "is nested deeper than 100 levels"},
		{"tabs", strings.Repeat("\t", 1<<20) + "a", "a tab indents this line"},
		{"quotes", strings.Repeat(`"`, 1<<20), "the quote that opens here is not closed"},
		{"values to be quoted", "a: [" + strings.Repeat("@a,", 300_000), "must be quoted"},
		{"aliases to nothing", "a: [" + strings.Repeat("*a,", 300_000), "must be quoted"},
		{"anchors", "a: [" + strings.Repeat("&a b,", 200_000), "the [ that opens here is not closed"},
		{"open variables", `a: "` + strings.Repeat("${", 1<<19) + `"`, "has no closing brace"},
		{"unknown keys", numbered(100_000, "kez%d: 1\n"), "has 1000 problems or more; these were found first"},
		{"one key", strings.Repeat("a: 1\n", 100_000), "has 1000 problems or more"},
		{"bad routes", "routes:\n" + strings.Repeat("  - { path: x, upstram: y }\n", 100_000), "has 1000 problems or more"},
		{"one item", "trailers: [" + strings.Repeat("a,", 100_000) + "]\n" + oneRoute, "has 1000 problems or more"},
		{"many values of aliases", "x-h: &h { " + numbered(5_000, "x%d: 1,") + "}\nroutes:\n" +
			numbered(900, "  - { path: /a%d, respond: { headers: *h } }\n"), "has more than 1000000 values"},
		{"many items", "trailers: [" + numbered(50_000, "x%d,") + "]\n" + oneRoute, ""},
		{"many backends", "upstreams: { u: [" + numbered(30_000, `"http://h%d",`) + "] }\nroutes: [{ path: /, upstream: u }]", ""},
		{"many upstreams", "upstreams:\n" + numbered(20_000, "  u%d: \"http://a:1\"\n") + oneRoute, ""},
		{"many fields", "routes: [{ path: /, respond: { headers: { " + numbered(30_000, "x%d: 1,") + "} } }]", ""},
		{"many routes of a path", "routes:\n" + numbered(3_000, "  - { path: \"/*\", host: h%d.example, respond: 200 }\n"), ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			done := make(chan error, 1)
			go func() {
				_, err := Parse("config.yaml", []byte(tc.text), nil, policy.Table()...)
				done <- err
			}()
			select {
			case err := <-done:
				if got := fmt.Sprint(err); (tc.want == "") != (err == nil) || !strings.Contains(got, tc.want) || len(got) > 1<<20 {
					t.Errorf("got %.300s, want %q", got, tc.want)
				}
			case <-time.After(60 * time.Second):
				t.Fatal("took more than 60 s")
			}
		})
	}
}

func TestNoMoreThanAThousandProblemsAreReturned(t *testing.T) {
	const first, more = "config.yaml:2:1: kez0: unknown key", "config.yaml: has 1000 problems or more; these were found first"
	for n, want := range map[int]string{998: first, 999: first, 1000: more, 5000: more} {
		_, err := Parse("config.yaml", []byte(oneRoute+numbered(n, "kez%d: 1\n")), nil, policy.Table()...)
		got, _ := errors.AsType[Errors](err)
		if len(got) != min(n, maxProblems) || got[0].Error() != want {
			t.Errorf("%d problems: got %d, the first %v; want %d, the first %s", n, len(got), got[0], min(n, maxProblems), want)
		}
	}
}

func TestFilesOfAnySizeEnd(t *testing.T) {
	const want = " is larger than 16MiB"
	large := filepath.Join(t.TempDir(), "large.yaml")
	if err := os.WriteFile(large, make([]byte, maxFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{large, "/dev/zero"} {
		if _, err := os.Stat(file); err != nil {
			continue // no such device on this system
		}
		if _, err := Load(file); err == nil || !strings.HasSuffix(err.Error(), file+want) {
			t.Errorf("%s: got %v, want %q", file, err, file+want)
		}
	}
}
