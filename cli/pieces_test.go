//go:build unix

package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"penstock/watch"
)

// manyRoutes returns a configuration with so many routes; the last ones come last.
func manyRoutes(routes int, body string) string {
	var text strings.Builder
	text.WriteString("listen: \"127.0.0.1:0\"\nadmin: \"127.0.0.1:0\"\nlog: { access: off }\nroutes:\n")
	for i := range routes {
		fmt.Fprintf(&text, "- { path: /%d, respond: { status: 200, body: %s } }\n", i, body)
	}
	return text.String()
}

// serveFile runs the command with that text as its file.
func serveFile(t *testing.T, text string) (p *process, file, url string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p = launch(t, nil, "-config", file)
	return p, file, "http://" + p.expect(`"msg":"serving".*"listen":"([^"]+)"`)
}

// A file in place that is written slowly is one change, taken when it is whole.
func TestAFileThatIsWrittenSlowlyIsOneReload(t *testing.T) {
	p, file, url := serveFile(t, manyRoutes(20, "one"))
	lines := strings.SplitAfter(strings.TrimSuffix(manyRoutes(20, "two"), "\n"), "\n")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	pace := time.NewTicker(3 * time.Second / time.Duration(len(lines)))
	defer pace.Stop()
	last := time.Now()
	for _, line := range lines {
		if gap := time.Since(last); gap > watch.DefaultSettle/2 {
			t.Skipf("this machine is too busy: %v between two pieces is a file that is written", gap)
		}
		last = time.Now()
		if _, err := f.WriteString(line); err != nil {
			t.Fatal(err)
		}
		if status, body := fetch(t, url+"/19"); status != 200 || body != "one" {
			t.Fatalf("after %q: got %d %q, want the last route as it was", line, status, body)
		}
		<-pace.C
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	p.expect(`"msg":"reloaded","cause":"file","generation":2`)
	if status, body := fetch(t, url+"/19"); status != 200 || body != "two" {
		t.Errorf("afterwards: got %d %q, want the new file whole", status, body)
	}
	p.signal(syscall.SIGTERM)
	p.end()
	if text := strings.Join(p.seen, "\n"); strings.Contains(text, "refused") || strings.Count(text, `"msg":"reloaded"`) != 1 {
		t.Errorf("got\n%s\nwant one reload", text)
	}
}

func TestAFileWithoutMostRoutesIsTakenAtOnceOnlyWhenAsked(t *testing.T) {
	p, file, url := serveFile(t, manyRoutes(10, "one"))
	if err := os.WriteFile(file+".next", []byte(manyRoutes(3, "two")), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+".next", file); err != nil {
		t.Fatal(err)
	}
	p.expect(`"level":"WARN","msg":"the file has lost most of its routes.*"routes":3,"running":10`)
	if _, body := fetch(t, url+"/9"); body != "one" {
		t.Errorf("before it is asked for: got %q, want one", body)
	}
	p.signal(syscall.SIGHUP)
	p.expect(`"msg":"reloaded","cause":"signal","generation":2`)
	if err := os.Truncate(file, 0); err != nil {
		t.Fatal(err)
	}
	p.signal(syscall.SIGHUP)
	p.expect(`"msg":"reload refused","cause":"signal".*is empty`)
	if _, body := fetch(t, url+"/2"); body != "two" {
		t.Errorf("with an empty file: got %q, want two still", body)
	}
	p.signal(syscall.SIGTERM)
	if code := p.end(); code != exitGood {
		t.Errorf("got code %d, want 0", code)
	}
}
