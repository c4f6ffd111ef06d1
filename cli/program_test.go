package cli

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"penstock/options"
)

// result is the output and the exit code of one invocation.
type result struct {
	code           int
	stdout, stderr string
}

// invoke runs the command in this process; for those that end by themselves.
func invoke(args ...string) result {
	var stdout, stderr bytes.Buffer
	code := Main(Program{Args: args, Stdout: &stdout, Stderr: &stderr, Version: "1.2.3"})
	return result{code, stdout.String(), stderr.String()}
}

// write makes a file of that name in a folder of the test.
func write(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

const smallConfig = "listen: \"127.0.0.1:0\"\nadmin: \"127.0.0.1:0\"\n" +
	"routes: [{ path: \"/*\", upstream: \"http://127.0.0.1:9\" }]\n"

func TestBadUsageIsExplained(t *testing.T) {
	for _, tc := range []struct {
		name string
		args []string
		want string
	}{
		{"unknown command", []string{"chekc"}, `penstock: "chekc" is not a command (did you mean "check"?); there are run, demo, check, config, schema, origin, health, profile, purge, version, help`},
		{"nothing near", []string{"frobnicate"}, `penstock: "frobnicate" is not a command; there are run`},
		{"unknown flag", []string{"check", "-confg", "x"}, `penstock: check: there is no flag -confg (did you mean "config"?); there is -config`},
		{"unknown flag of the default command", []string{"-confg", "x"}, `penstock: run: there is no flag -confg (did you mean "config"?)`},
		{"a flag where there are none", []string{"version", "-v"}, `penstock: version: there is no flag -v; it takes no flags`},
		{"flag without its value", []string{"run", "-config"}, `penstock: run: flag needs an argument: -config`},
		{"unreadable value", []string{"health", "-timeout", "5"}, `penstock: health: invalid value "5" for flag -timeout`},
		{"a stray argument", []string{"check", "config.yaml"}, `penstock: check: "config.yaml" is one argument too many; write penstock check -config config.yaml`},
		{"another stray argument", []string{"run", "now"}, `penstock: run: "now" is one argument too many; there is -config`},
		{"a file as command", []string{"my.yml"}, `penstock: "my.yml" is not a command; write penstock run -config my.yml; there are run`},
		{"a word of other programs", []string{"serve"}, `penstock: "serve" is not a command; write penstock run; there are run`},
		{"validate", []string{"validate"}, `penstock: "validate" is not a command; write penstock check; there are run`},
		{"reload", []string{"reload"}, `penstock: "reload" is not a command; a running gateway reloads when its file changes, on SIGHUP, or by POST /api/reload; there`},
		{"-version", []string{"-version"}, `penstock: run: there is no flag -version; write penstock version; there is -config`},
		{"--version", []string{"--version"}, `penstock: run: there is no flag -version; write penstock version; there is -config`},
		{"-t", []string{"-t"}, `penstock: run: there is no flag -t; write penstock check; there is -config`},
		{"standard input", []string{"check", "-config", "-"}, "-: a configuration is a file, which is read again when it changes; to check standard input, write -config /dev/stdin"},
		{"help takes nothing", []string{"help", "me"}, `penstock: help takes no arguments, got "me"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := invoke(tc.args...)
			if got.code != exitUsage || !strings.HasPrefix(got.stderr, tc.want) || got.stdout != "" {
				t.Errorf("got code %d, %q on stderr, %q on stdout; want 2 and %q", got.code, got.stderr, got.stdout, tc.want)
			}
		})
	}
}

func TestHelpNamesEveryCommand(t *testing.T) {
	for _, args := range [][]string{{"help"}, {"-h"}, {"--help"}} {
		got := invoke(args...)
		if got.code != exitGood || got.stderr != "" {
			t.Errorf("%v: got code %d and %q on stderr, want 0 and nothing", args, got.code, got.stderr)
		}
		for _, c := range commands() {
			if !strings.Contains(got.stdout, "penstock "+c.name) || !strings.Contains(got.stdout, c.about) {
				t.Errorf("%v: %s is not in it:\n%s", args, c.name, got.stdout)
			}
		}
	}
	if got := invoke("check", "-h"); got.code != exitGood || !strings.Contains(got.stdout, "configuration file") {
		t.Errorf("check -h: got code %d and %q", got.code, got.stdout)
	}
}

func TestVersionIsTheLinkedOne(t *testing.T) {
	if got := invoke("version"); got.code != exitGood || !strings.HasPrefix(got.stdout, "penstock 1.2.3") {
		t.Errorf("got code %d and %q, want 0 and penstock 1.2.3", got.code, got.stdout)
	}
	if got := built("").version; got == "" {
		t.Error("a build without a version has no name at all")
	}
}

func TestCheck(t *testing.T) {
	good := write(t, "good.yaml", smallConfig)
	if got := invoke("check", "-config", good); got.code != exitGood || got.stdout != good+": ok, 1 route, 1 upstream\n" {
		t.Errorf("good file: got code %d and %q", got.code, got.stdout)
	}
	bad := write(t, "bad.yaml", "listne: \":1\"\nroutes: [{ path: \"/*\", upstream: nowhere }]\n")
	got := invoke("check", "-config", bad)
	if got.code != exitUsage || strings.Count(got.stderr, bad+":") != 2 || !strings.Contains(got.stderr, bad+":1:1: listne: unknown key") {
		t.Errorf("bad file: got code %d and %q, want 2 and both problems", got.code, got.stderr)
	}
	if !strings.HasSuffix(got.stderr, "2 problems\n") {
		t.Errorf("bad file: got %q, want the number of problems at the end", got.stderr)
	}
	missing := filepath.Join(t.TempDir(), "none.yaml")
	if got := invoke("check", "-config", missing); got.code != exitUsage || !strings.Contains(got.stderr, missing) {
		t.Errorf("missing file: got code %d and %q, want 2 and its name", got.code, got.stderr)
	}
}

func TestCheckFindsAnAccessLogThatCannotBeOpened(t *testing.T) {
	for _, tc := range []struct{ name, log, want string }{
		{"no folder", "{ access: { file: none/a.log } }", ":4:24: log.access.file: the folder "},
		{"no folder, in short", "{ access: none/a.log }", ": log.access.file: the folder "},
		{"a file as folder", "{ access: c.yaml/a.log }", "is not a folder"},
		{"a folder as file", "{ access: . }", "is a folder"},
		{"a new file", "{ access: a.log }", ""},
		{"a stream", "{ access: stderr }", ""},
		{"off", "{ access: off }", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := invoke("check", "-config", write(t, "c.yaml", smallConfig+"log: "+tc.log+"\n"))
			if tc.want == "" && (got.code != exitGood || got.stderr != "") || tc.want != "" && got.code != exitUsage || !strings.Contains(got.stderr, tc.want) {
				t.Errorf("got code %d and %q, want %q", got.code, got.stderr, tc.want)
			}
		})
	}
}

func TestConfigShowsTheSizeOfTheCache(t *testing.T) {
	size := readMemory(os.DirFS("/")).cacheBytes()
	if size == 0 {
		t.Skip("the size of the memory is unknown here")
	}
	want := fmt.Sprintf("cache: {memory: %s,", options.FormatSize(size))
	if got := invoke("config", "-config", write(t, "c.yaml", smallConfig)); !strings.Contains(got.stdout, want) {
		t.Errorf("got %q, want %q in it", got.stdout, want)
	}
	named := write(t, "c.yaml", smallConfig+"cache: { memory: 64MiB }\n")
	if got := invoke("config", "-config", named); !strings.Contains(got.stdout, "cache: {memory: 64MiB,") {
		t.Errorf("a size that is named: got %q", got.stdout)
	}
}

func TestConfigPrintsWhatCheckAccepts(t *testing.T) {
	got := invoke("config", "-config", write(t, "small.yaml", smallConfig))
	if got.code != exitGood || !strings.Contains(got.stdout, "first_byte: 15s") {
		t.Fatalf("got code %d, %q; want 0 and the defaults; stderr %q", got.code, got.stdout, got.stderr)
	}
	again := write(t, "again.yaml", got.stdout)
	if second := invoke("config", "-config", again); second.stdout != got.stdout {
		t.Errorf("printed configuration reads back as\n%s\nwant\n%s\nstderr %q", second.stdout, got.stdout, second.stderr)
	}
}

func TestHealth(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var status atomic.Int64
	status.Store(http.StatusOK)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" || r.Host != "localhost" {
			status.Store(http.StatusTeapot)
		}
		w.WriteHeader(int(status.Load()))
		_, _ = w.Write([]byte("alive\n"))
	})}
	go func() { _ = server.Serve(ln) }()
	t.Cleanup(func() { _ = server.Close() })
	address := ln.Addr().String()

	if got := invoke("health", "-admin", address); got.code != exitGood || got.stdout != "alive\n" {
		t.Errorf("healthy: got code %d, %q, %q", got.code, got.stdout, got.stderr)
	}
	file := write(t, "c.yaml", strings.Replace(smallConfig, "admin: \"127.0.0.1:0\"", "admin: \""+address+"\"", 1))
	if got := invoke("health", "-config", file); got.code != exitGood {
		t.Errorf("address from the file: got code %d, %q", got.code, got.stderr)
	}
	status.Store(http.StatusServiceUnavailable)
	if got := invoke("health", "-admin", address); got.code != exitFailed || !strings.Contains(got.stderr, "status 503: alive") {
		t.Errorf("unhealthy: got code %d, %q; want 1 and the status", got.code, got.stderr)
	}
	_ = server.Close()
	if got := invoke("health", "-admin", address); got.code != exitFailed || !strings.Contains(got.stderr, address) {
		t.Errorf("nobody there: got code %d, %q; want 1 and the address", got.code, got.stderr)
	}
}

func TestReachableAddress(t *testing.T) {
	for _, tc := range []struct{ listen, network, target string }{
		{":9901", "tcp", "127.0.0.1:9901"},
		{"0.0.0.0:9901", "tcp", "127.0.0.1:9901"},
		{"[::]:9901", "tcp", "[::1]:9901"},
		{"10.0.0.7:9901", "tcp", "10.0.0.7:9901"},
		{"unix:/run/a.sock", "unix", "/run/a.sock"},
	} {
		if network, target := reachable(tc.listen); network != tc.network || target != tc.target {
			t.Errorf("%s: got %s %s, want %s %s", tc.listen, network, target, tc.network, tc.target)
		}
	}
}

func TestWebAddress(t *testing.T) {
	for listen, want := range map[string]string{
		"[::]:8080": "127.0.0.1:8080", "0.0.0.0:80": "127.0.0.1:80", "10.0.0.7:80": "10.0.0.7:80", "/run/a.sock": "/run/a.sock",
	} {
		if got := webAddress(listen); got != want {
			t.Errorf("%s: got %s, want %s", listen, got, want)
		}
	}
}
