//go:build linux

package regression

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience bounds each wait for what must happen. A program that is right is much faster;
// one that is wrong keeps a test waiting for as long, so that a run against one may shorten
// it by PENSTOCK_PATIENCE.
func patience() time.Duration {
	if d, err := time.ParseDuration(os.Getenv("PENSTOCK_PATIENCE")); err == nil {
		return d
	}
	return time.Minute
}

// gateway is a running program.
type gateway struct {
	t              *testing.T
	cmd            *exec.Cmd
	file           string // its configuration
	head           string // the first lines of it
	address, admin string // of its two listeners
	stdout, stderr string // files that have its outputs, unless the test took them
	ended          chan struct{}
}

// launch is how a gateway is started.
type launch struct {
	config         string // without listen and admin
	env            []string
	stdout, stderr *os.File // nil is a file of the gateway
}

func start(t *testing.T, config string) *gateway {
	t.Helper()
	return launch{config: config}.start(t)
}

// start returns once the gateway is ready.
func (l launch) start(t *testing.T) *gateway {
	t.Helper()
	dir := t.TempDir()
	g := &gateway{
		t: t, file: filepath.Join(dir, "config.yaml"), address: free(t), admin: free(t),
		stdout: filepath.Join(dir, "stdout"), stderr: filepath.Join(dir, "stderr"), ended: make(chan struct{}),
	}
	g.head = fmt.Sprintf("listen: %q\nadmin: %q\n", g.address, g.admin)
	g.write(l.config)
	g.cmd = exec.Command(os.Args[0], "run", "-config", g.file)
	g.cmd.Env = append(append(os.Environ(), asProgram+"=1"), l.env...)
	g.cmd.Stdout, g.cmd.Stderr = l.output(t, l.stdout, g.stdout), l.output(t, l.stderr, g.stderr)
	if err := g.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = g.cmd.Wait() // the state says it
		close(g.ended)
	}()
	t.Cleanup(func() {
		_ = g.cmd.Process.Kill()
		<-g.ended
	})
	g.until("it is ready", func() bool { return g.ask("http://"+g.admin+"/readyz") == "ready\n" })
	return g
}

func (l launch) output(t *testing.T, given *os.File, name string) *os.File {
	t.Helper()
	if given != nil {
		return given
	}
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// write makes the text its configuration. A line with a key that the binary does not know is
// left out: what counts is what the program does, not that it refuses a file.
func (g *gateway) write(text string) {
	g.t.Helper()
	lines := strings.SplitAfter(g.head+text, "\n")
	unknown := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(g.file) + `:(\d+):\d+: [^ ]+: unknown key`)
	for {
		if err := os.WriteFile(g.file, []byte(strings.Join(lines, "")), 0o600); err != nil {
			g.t.Fatal(err)
		}
		found := unknown.FindStringSubmatch(command(g.t, "check", "-config", g.file).stderr)
		if found == nil {
			return
		}
		n, _ := strconv.Atoi(found[1])
		lines[n-1] = "\n"
	}
}

// until looks again and again until the condition holds.
func (g *gateway) until(what string, holds func() bool) {
	g.t.Helper()
	pace := time.NewTicker(20 * time.Millisecond)
	defer pace.Stop()
	for late := time.After(patience()); !holds(); {
		select {
		case <-pace.C:
		case <-g.ended:
			if !holds() {
				g.t.Fatalf("the process has ended (%v) before this was so: %s\n%s", g.cmd.ProcessState, what, g.log())
			}
			return
		case <-late:
			g.t.Fatalf("after %v it is not so: %s\n%s", patience(), what, g.log())
		}
	}
}

// ask returns the body at url, or what went wrong.
func (g *gateway) ask(url string) string {
	client := http.Client{Timeout: patience() / 4, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(url)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// api returns what the admin listener says at a path.
func (g *gateway) api(path string) string { return g.ask("http://" + g.admin + path) }

// change sends a request with a JSON body to the admin listener.
func (g *gateway) change(method, path, body string) string {
	g.t.Helper()
	a := get(g.t, g.admin, method+" "+path+" HTTP/1.1", "Host: localhost", "Content-Type: application/json",
		"Content-Length: "+strconv.Itoa(len(body)), "", body)
	return a.Start + " " + a.Body
}

// metric returns the value of a series, "" when there is none.
func (g *gateway) metric(series string) string {
	_, rest, found := strings.Cut("\n"+g.api("/metrics"), "\n"+series+" ")
	if !found {
		return ""
	}
	value, _, _ := strings.Cut(rest, "\n")
	return value
}

// log returns the process log so far.
func (g *gateway) log() string {
	text, _ := os.ReadFile(g.stderr) // none when the test has it
	return string(text)
}

// line is what a line of the access log says.
type line struct {
	ID, Client, Method, Target, Protocol, Fault string
	Status                                      int
	FaultCause                                  string `json:"fault_cause"`
}

// access waits for n lines of the access log and returns them.
func (g *gateway) access(n int) (all []line) {
	g.t.Helper()
	var text []byte
	g.until(fmt.Sprintf("the access log has %d lines", n), func() bool {
		text, _ = os.ReadFile(g.stdout)
		return bytes.Count(text, []byte("\n")) >= n
	})
	for one := range strings.Lines(string(text)) {
		var l line
		if err := json.Unmarshal([]byte(one), &l); err != nil {
			g.t.Fatalf("%s: %v", one, err)
		}
		all = append(all, l)
	}
	return all
}

// signal sends s.
func (g *gateway) signal(s os.Signal) {
	g.t.Helper()
	if err := g.cmd.Process.Signal(s); err != nil {
		g.t.Fatal(err)
	}
}

// end sends SIGTERM and returns the exit code, -1 when a signal has ended the process.
func (g *gateway) end() int {
	g.t.Helper()
	g.signal(syscall.SIGTERM)
	select {
	case <-g.ended:
	case <-time.After(patience()):
		g.t.Fatalf("%v after SIGTERM it still runs", patience())
	}
	return g.cmd.ProcessState.ExitCode()
}

// free returns an address that nothing listens on. Its port is below those that systems give to
// whoever asks for any. Its IP address is one of 16 million of this machine, so that no other test
// takes it before the gateway does.
func free(t *testing.T) string {
	t.Helper()
	for range 100 {
		address := fmt.Sprintf("127.%d.%d.%d:%d", rand.IntN(256), rand.IntN(256), 2+rand.IntN(250), 12_000+rand.IntN(8_000))
		if ln, err := net.Listen("tcp", address); err == nil {
			_ = ln.Close()
			return address
		}
	}
	t.Fatal("none of a hundred ports is free")
	return ""
}
