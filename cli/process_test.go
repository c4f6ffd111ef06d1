//go:build unix

package cli

import (
	"bufio"
	"context"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"penstock/origin"
)

// TestMain lets this test binary run as the command when a variable is set, so that tests
// use real signals and exit codes.
func TestMain(m *testing.M) {
	if os.Getenv("PENSTOCK_AS_COMMAND") == "" {
		os.Exit(m.Run())
	}
	if limit, err := strconv.ParseUint(os.Getenv("PENSTOCK_FILE_LIMIT"), 10, 64); err == nil {
		limitFiles(limit)
	}
	shipped, err := os.ReadFile("../config.yaml")
	if err != nil {
		panic(err)
	}
	os.Exit(Main(Program{Args: os.Args[1:], Stdout: os.Stdout, Stderr: os.Stderr, Shipped: shipped}))
}

// patience bounds every wait for a process.
const patience = 30 * time.Second

// process is a running command whose output is followed line by line.
type process struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines chan string // of both outputs; closed when both have ended
	seen  []string
	done  bool
}

// launch starts the command; it is killed with the test if it still runs then.
func launch(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(os.Args[0], args...), lines: make(chan string, 10000)}
	p.cmd.Env = append(append(os.Environ(), "PENSTOCK_AS_COMMAND=1"), env...)
	var readers sync.WaitGroup
	for _, open := range []func() (io.ReadCloser, error){p.cmd.StdoutPipe, p.cmd.StderrPipe} {
		pipe, err := open()
		if err != nil {
			t.Fatal(err)
		}
		readers.Go(func() {
			for s := bufio.NewScanner(pipe); s.Scan(); {
				p.lines <- s.Text()
			}
		})
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { readers.Wait(); close(p.lines) }()
	t.Cleanup(func() {
		if !p.done {
			_ = p.cmd.Process.Kill()
			_ = p.cmd.Wait()
		}
	})
	return p
}

// expect returns the next line that matches the expression, or its first group.
func (p *process) expect(expression string) string {
	p.t.Helper()
	want := regexp.MustCompile(expression)
	late := time.After(patience)
	for {
		select {
		case line, open := <-p.lines:
			if !open {
				p.t.Fatalf("no line matches %q in\n%s", expression, strings.Join(p.seen, "\n"))
			}
			p.seen = append(p.seen, line)
			if found := want.FindStringSubmatch(line); found != nil {
				return found[len(found)-1]
			}
		case <-late:
			p.t.Fatalf("after %v no line matches %q in\n%s", patience, expression, strings.Join(p.seen, "\n"))
		}
	}
}

// signal sends s to the process.
func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// end waits for the process and returns its exit code.
func (p *process) end() int {
	p.t.Helper()
	kill := time.AfterFunc(patience, func() { _ = p.cmd.Process.Kill() })
	defer kill.Stop()
	for line := range p.lines { // the pipes have to be empty before Wait
		p.seen = append(p.seen, line)
	}
	p.done = true
	_ = p.cmd.Wait() // the code says it
	return p.cmd.ProcessState.ExitCode()
}

// startOrigin runs an origin in this process for as long as the test.
func startOrigin(t *testing.T, name string) string {
	t.Helper()
	o := origin.New(origin.Options{Name: name})
	if err := o.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel() // nobody waits for what is still open
		_ = o.Shutdown(ctx)
	})
	return o.Addr().String()
}

// fetch returns status and body of a GET.
func fetch(t *testing.T, url string) (int, string) {
	t.Helper()
	return ask(t, http.MethodGet, url, "")
}

// change returns status and body of a PUT of JSON.
func change(t *testing.T, url, body string) (int, string) {
	t.Helper()
	return ask(t, http.MethodPut, url, body)
}

func ask(t *testing.T, method, url, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	client := http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// occupied returns an address that something listens on.
func occupied(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	return ln.Addr().String()
}

// free returns an address that nothing listens on just now. Its port is below those
// that systems give to whoever asks for any, so that other tests do not get it meanwhile.
func free(t *testing.T) string {
	t.Helper()
	for range 100 {
		address := "127.0.0.1:" + strconv.Itoa(20_000+rand.IntN(10_000))
		if ln, err := net.Listen("tcp", address); err == nil {
			_ = ln.Close()
			return address
		}
	}
	t.Fatal("none of a hundred ports is free")
	return ""
}
