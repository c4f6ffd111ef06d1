//go:build linux

package cli

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// outputs is a running command whose outputs are the test's own files.
type outputs struct {
	t     *testing.T
	cmd   *exec.Cmd
	ended chan struct{}
	admin string // address of its admin listener
}

// launchInto starts the gateway of file with these outputs, and returns once it is ready.
func launchInto(t *testing.T, file, admin string, stdout, stderr *os.File) *outputs {
	t.Helper()
	p := &outputs{t: t, cmd: exec.Command(os.Args[0], "run", "-config", file), ended: make(chan struct{}), admin: "http://" + admin}
	p.cmd.Env = append(os.Environ(), "PENSTOCK_AS_COMMAND=1")
	p.cmd.Stdout, p.cmd.Stderr = stdout, stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // ProcessState has the result
		close(p.ended)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.ended
	})
	p.until("it is ready", func() bool { return p.get(p.admin+"/readyz") == "ready\n" })
	return p
}

// until asks again and again until the condition holds; each question is an exchange
// with the process.
func (p *outputs) until(what string, holds func() bool) {
	p.t.Helper()
	pace := time.NewTicker(10 * time.Millisecond)
	defer pace.Stop()
	for late := time.After(patience); !holds(); {
		select {
		case <-pace.C:
		case <-p.ended:
			p.t.Fatalf("it has ended before this was so: %s (%v)", what, p.cmd.ProcessState)
		case <-late:
			p.t.Fatalf("after %v not yet: %s", patience, what)
		}
	}
}

// get returns the body at url, or what went wrong.
func (p *outputs) get(url string) string {
	client := http.Client{Timeout: patience / 3, Transport: &http.Transport{DisableKeepAlives: true}}
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

// end sends SIGTERM and returns the exit code, -1 when a signal has ended the process.
func (p *outputs) end() int {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.t.Fatalf("%v after SIGTERM it still runs", patience)
	}
	return p.cmd.ProcessState.ExitCode()
}

// pipe returns both ends of a pipe, closed with the test.
func pipe(t *testing.T) (reader, writer *os.File) {
	t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = reader.Close()
		_ = writer.Close()
	})
	return reader, writer
}

// fill writes to a pipe until it takes no more, through a description of its own: the
// process shall not find its output in another mode.
func fill(t *testing.T, writer *os.File) {
	t.Helper()
	own, err := os.OpenFile(fmt.Sprintf("/proc/self/fd/%d", writer.Fd()), os.O_WRONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	if err := own.SetWriteDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := own.Write(make([]byte, 8<<20)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("filling the pipe: got %v, want that it takes no more", err)
	}
}

// writeRoutes writes a configuration with a route that responds with body, and a route whose
// backend fails, which is logged at level debug.
func writeRoutes(t *testing.T, file, public, admin, body string) {
	t.Helper()
	text := "listen: \"" + public + "\"\nadmin: \"" + admin + "\"\nlog: { level: debug }\n" +
		"routes:\n- { path: \"/*\", respond: { status: 200, body: " + body + " } }\n- { path: /down, upstream: \"http://127.0.0.1:9\" }\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// served starts the gateway of these tests, which responds with "one".
func served(t *testing.T, stdout, stderr *os.File) (p *outputs, url, file string) {
	t.Helper()
	public, admin := free(t), free(t)
	file = filepath.Join(t.TempDir(), "config.yaml")
	writeRoutes(t, file, public, admin, "one")
	return launchInto(t, file, admin, stdout, stderr), "http://" + public, file
}

// reload gives the gateway another file and SIGHUP, and waits for its effect.
func (p *outputs) reload(file, url string) {
	p.t.Helper()
	writeRoutes(p.t, file, strings.TrimPrefix(url, "http://"), strings.TrimPrefix(p.admin, "http://"), "two")
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		p.t.Fatal(err)
	}
	p.until("the reload is in force", func() bool { return p.get(url) == "two" })
}

// goesOn sends requests, those that are logged among them, reloads and ends the gateway.
func (p *outputs) goesOn(url, file string) {
	p.t.Helper()
	for range 20 {
		if body := p.get(url); body != "one" {
			p.t.Fatalf("got %q, want one", body)
		}
		if body := p.get(url + "/down"); !strings.Contains(body, `"status":502`) {
			p.t.Fatalf("of a backend that is down: got %q, want 502", body)
		}
	}
	p.reload(file, url)
	if code := p.end(); code != exitGood {
		p.t.Errorf("after SIGTERM: got code %d (%v), want 0", code, p.cmd.ProcessState)
	}
}

func TestAReaderThatLeavesEndsNothing(t *testing.T) {
	for _, name := range []string{"stdout", "stderr", "both"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			streams := map[string]*os.File{}
			var readers []*os.File
			for _, s := range []string{"stdout", "stderr"} {
				if name != s && name != "both" {
					continue // nil is /dev/null
				}
				reader, writer := pipe(t)
				streams[s], readers = writer, append(readers, reader)
			}
			p, url, file := served(t, streams["stdout"], streams["stderr"])
			for _, r := range readers {
				if err := r.Close(); err != nil {
					t.Fatal(err)
				}
			}
			for _, w := range streams { // the process alone has it now
				if err := w.Close(); err != nil {
					t.Fatal(err)
				}
			}
			if name != "stderr" {
				p.lost(url, "penstock_access_log_lines_dropped_total")
			}
			if name != "stdout" {
				p.lost(url+"/down", "penstock_log_lines_dropped_total")
			}
			p.goesOn(url, file)
		})
	}
}

// lost waits until the metric says that lines were lost, while requests come.
func (p *outputs) lost(url, metric string) {
	p.t.Helper()
	p.until(metric+" counts", func() bool {
		p.get(url)
		page := p.get(p.admin + "/metrics")
		return strings.Contains(page, "\n"+metric+" ") && !strings.Contains(page, "\n"+metric+" 0\n")
	})
}

func TestALostAccessLogIsOneWarning(t *testing.T) {
	stdout, out := pipe(t)
	stderr, errs := pipe(t)
	p, url, _ := served(t, out, errs)
	for _, f := range []*os.File{stdout, out, errs} {
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		p.lost(url, "penstock_access_log_lines_dropped_total")
	}
	if code := p.end(); code != exitGood {
		t.Errorf("got code %d (%v), want 0", code, p.cmd.ProcessState)
	}
	text, err := io.ReadAll(stderr)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), `"msg":"access log cannot be written, lines are lost","file":"stdout"`); n != 1 {
		t.Errorf("got %d warnings, want 1:\n%s", n, text)
	}
}

func TestAnOutputThatNobodyReadsStopsNothing(t *testing.T) {
	for _, tc := range []struct {
		name           string
		stdout, stderr bool
		early          bool // it is full before the start
	}{
		{name: "stdout", stdout: true},
		{name: "stderr", stderr: true},
		{name: "both", stdout: true, stderr: true},
		{name: "both from the start", stdout: true, stderr: true, early: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, writer := pipe(t)
			if tc.early {
				fill(t, writer)
			}
			var stdout, stderr *os.File // nil is /dev/null
			if tc.stdout {
				stdout = writer
			}
			if tc.stderr {
				stderr = writer
			}
			p, url, file := served(t, stdout, stderr)
			if !tc.early {
				fill(t, writer)
			}
			p.goesOn(url, file)
		})
	}
}

func TestAnAccessLogPipeWithoutReaderDelaysNoStart(t *testing.T) {
	public, admin := free(t), free(t)
	dir := t.TempDir()
	file, fifo := filepath.Join(dir, "config.yaml"), filepath.Join(dir, "access.pipe")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("listen: %q\nadmin: %q\nlog: { access: { file: %q } }\nroutes: [{ path: \"/*\", respond: { status: 200, body: one } }]\n", public, admin, fifo)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p := launchInto(t, file, admin, nil, nil)
	url := "http://" + public
	p.lost(url, "penstock_access_log_lines_dropped_total")
	reader, err := os.OpenFile(fifo, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	p.get(url + "/now")
	if code := p.end(); code != exitGood {
		t.Errorf("after SIGTERM: got code %d (%v), want 0", code, p.cmd.ProcessState)
	}
	if lines, err := io.ReadAll(reader); err != nil || !strings.Contains(string(lines), `"/now"`) {
		t.Errorf("got %q, error %v; want the request that came once the pipe had a reader", lines, err)
	}
}
