//go:build linux

package regression

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// routes is a configuration with so many routes that respond with body.
func routes(n int, body string) string {
	var text strings.Builder
	text.WriteString("log: { access: off }\nroutes:\n")
	for i := range n {
		fmt.Fprintf(&text, "- { path: /%d, respond: { status: 200, body: %s } }\n", i, body)
	}
	return text.String()
}

// A file that grows while it is written is not taken until it was left alone for a second.
// A machine that holds this test for longer between two writes makes it begin again.
func TestFixed10AConfigurationIsNotTakenWhileItIsWritten(t *testing.T) {
	t.Parallel()
	g := start(t, routes(20, "one"))
	for range 20 {
		lines := strings.SplitAfter(strings.TrimSuffix(g.head+routes(20, "two"), "\n"), "\n")
		begin := strings.Join(lines[:len(lines)-8], "")
		if err := os.WriteFile(g.file, []byte(begin), 0o600); err != nil {
			t.Fatal(err)
		}
		last, whole := time.Now(), true
		tick := time.NewTicker(200 * time.Millisecond)
		for _, line := range lines[len(lines)-8:] {
			<-tick.C
			body := g.ask("http://" + g.address + "/19")
			if whole = time.Since(last) < 700*time.Millisecond; !whole {
				break
			}
			if body != "one" {
				t.Fatalf("a part of the file was taken: the last route says %q", body)
			}
			f, err := os.OpenFile(g.file, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = f.WriteString(line)
			_ = f.Close()
			last = time.Now()
		}
		tick.Stop()
		if whole {
			g.until("the whole file is taken", func() bool { return g.ask("http://"+g.address+"/19") == "two" })
			return
		}
		g.write(routes(20, "one"))
		g.signal(syscall.SIGHUP)
		g.until("the first file is back", func() bool { return g.ask("http://"+g.address+"/19") == "one" })
	}
	t.Skip("this machine is too busy to write eight lines without a pause of 0.7 s")
}

// A file without most of its routes is probably half a file: it is taken after ten seconds.
func TestFixed10AFileWithoutMostRoutesIsNotTakenAtOnce(t *testing.T) {
	t.Parallel()
	g := start(t, routes(20, "one"))
	next := g.file + ".next"
	if err := os.WriteFile(next, []byte(g.head+routes(5, "two")), 0o600); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := os.Rename(next, g.file); err != nil {
		t.Fatal(err)
	}
	g.until("the log says what is waited for, or the file is taken", func() bool {
		return strings.Contains(g.log(), "lost most of its routes") || g.ask("http://"+g.address+"/0") == "two"
	})
	if body := g.ask("http://" + g.address + "/19"); body != "one" && time.Since(began) < 10*time.Second {
		t.Errorf("the removed route says %q after %v, want one", body, time.Since(began))
	}
	if !strings.Contains(g.log(), `"level":"WARN"`) {
		t.Errorf("the log does not warn:\n%s", g.log())
	}
}

func TestFixed17VersionSaysNothingUnasked(t *testing.T) {
	if _, err := os.Stat("/sys/fs/cgroup/cpu.pressure"); err == nil {
		t.Skip("this machine has the files that were complained about")
	}
	if got := command(t, "version"); got.stderr != "" || strings.Count(got.stdout, "\n") != 1 {
		t.Errorf("got %q and %q on stderr, want one line", got.stdout, got.stderr)
	}
}

func TestFixed17AFailedStartSaysWhyBeforeItEnds(t *testing.T) {
	taken := backend(t, nil).Address
	got := command(t, "run", "-config", file(t, "c.yaml", "listen: \""+taken+"\"\nadmin: off\nroutes: [{ path: /, respond: 200 }]\n"))
	want := regexp.MustCompile(`"level":"ERROR"[^\n]*address already in use[^\n]*\n[^\n]*"msg":"ended","code":1`)
	if got.code != 1 || !want.MatchString(got.stderr) || strings.Count(got.stderr, `"ERROR"`) != 1 {
		t.Errorf("got code %d and\n%s\nwant one error with the cause, then the end", got.code, got.stderr)
	}
}

func TestFixed17CheckFindsAMissingLogFolder(t *testing.T) {
	got := command(t, "check", "-config", file(t, "c.yaml", "routes: [{ path: /, respond: 200 }]\nlog: { access: /none/a.log }\n"))
	if got.code != 2 || !strings.Contains(got.stderr, "log.access.file") {
		t.Errorf("got code %d, %q, %q", got.code, got.stdout, got.stderr)
	}
}

func TestFixed17ConfigAndTheStartSayHowLargeTheCacheIs(t *testing.T) {
	t.Run("config", func(t *testing.T) {
		got := command(t, "config", "-config", file(t, "c.yaml", "routes: [{ path: /, respond: 200 }]\n"))
		if !regexp.MustCompile(`cache: *\{memory: [1-9]\d*[MG]iB,`).MatchString(got.stdout) {
			t.Errorf("got\n%s", got.stdout)
		}
	})
	t.Run("the start", func(t *testing.T) {
		g := start(t, "routes: [{ path: /, upstream: \"http://127.0.0.1:9\", cache: on }]\n")
		if !regexp.MustCompile(`cache.*"memory":"[1-9]\d* [MG]iB"`).MatchString(g.log()) {
			t.Errorf("got\n%s", g.log())
		}
	})
}

// Each command ends by itself within the patience of the tests; before, these took minutes
// or did not end.
func TestFixed18HostileFilesAreRefused(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"a megabyte of brackets": {strings.Repeat("[", 1<<20), "not closed"},
		"100,000 problems":       {strings.Repeat("a: 1\n", 100_000), "1000 problems or more"},
		"17 MiB":                 {strings.Repeat("#", 17<<20), "larger than 16MiB"},
		"deep nesting":           {"a: " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000), "nested deeper than 100 levels"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := command(t, "check", "-config", file(t, "c.yaml", tc.text)); got.code != 2 || !strings.Contains(got.stderr, tc.want) {
				t.Errorf("got code %d and %.300s, want %q", got.code, got.stderr, tc.want)
			}
		})
	}
	t.Run("an endless file", func(t *testing.T) {
		t.Parallel()
		endless := filepath.Join(t.TempDir(), "endless.yaml")
		if err := syscall.Mkfifo(endless, 0o600); err != nil {
			t.Fatal(err)
		}
		go flood(endless)
		if got := command(t, "check", "-config", endless); got.code != 2 || !strings.Contains(got.stderr, "larger than 16MiB") {
			t.Errorf("got code %d and %.300s", got.code, got.stderr)
		}
	})
}

// flood writes comments into a pipe until its reader has gone, or 200 MiB.
func flood(fifo string) {
	f, err := os.OpenFile(fifo, os.O_WRONLY, 0)
	if err != nil {
		return
	}
	defer f.Close()
	for range 200 {
		if _, err := f.WriteString(strings.Repeat("#\n", 1<<19)); err != nil {
			return
		}
	}
}

func TestFixed18CheckAnswersCommonMistakes(t *testing.T) {
	const respond = "routes: [{ path: /, respond: 200 }]\n"
	for name, tc := range map[string]struct{ text, want string }{
		"an address":         {"upstreams: { u: \"localhost:3000\" }\nroutes: [{ path: /, upstream: u }]\n", `write "http://localhost:3000"`},
		"a query in a path":  {"routes: [{ path: \"/a?x=1\", respond: 200 }]\n", "match: { query: { x:"},
		"a field in request": {"routes: [{ path: /, upstream: \"http://a:1\", headers: { request: { X-Foo: bar } } }]\n", "set: { X-Foo:"},
		"an open quote":      {"routes:\n  - { path: \"/a, upstream: \"http://a:1\" }\n", ":2:13: the quote that opens here"},
		"a pattern":          {"routes: [{ path: /, respond: 200, headers: { response: { remove: [\"X-*\"] } } }]\n", "X-*"},
		"a variable":         {"routes: [{ path: /, upstream: \"http://a:1\", headers: { request: { set: { X-A: \"$remote_addr\" } } } }]\n", "$remote_addr"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := command(t, "check", "-config", file(t, "c.yaml", tc.text)); !strings.Contains(got.stderr, tc.want) {
				t.Errorf("got code %d, %q and %q, want %q", got.code, got.stdout, got.stderr, tc.want)
			}
		})
	}
	for key, text := range map[string]string{
		"tls":  "tls: {}\n" + respond,
		"auth": "routes: [{ path: /, respond: 200, auth: x }]\n",
	} { // they are planned, or built by now
		t.Run(key, func(t *testing.T) {
			if got := command(t, "check", "-config", file(t, "c.yaml", text)); strings.Contains(got.stderr, "unknown key") {
				t.Errorf("got %q", got.stderr)
			}
		})
	}
	t.Run("an anchor", func(t *testing.T) {
		if got := command(t, "check", "-config", file(t, "c.yaml", "x-h: &h { X-A: b }\nroutes: [{ path: /, respond: { headers: *h } }]\n")); got.code != 0 {
			t.Errorf("got code %d and %q", got.code, got.stderr)
		}
	})
	for args, want := range map[string]string{
		"check config.yaml": "write penstock check -config config.yaml", "-version": "write penstock version", "check -config -": "write -config /dev/stdin",
		"serve": "write penstock run", "validate": "write penstock check", "my.yml": "write penstock run -config my.yml",
	} {
		t.Run(args, func(t *testing.T) {
			if got := command(t, strings.Fields(args)...); got.code != 2 || !strings.Contains(got.stderr, want) {
				t.Errorf("got code %d and %q, want %q", got.code, got.stderr, want)
			}
		})
	}
}
