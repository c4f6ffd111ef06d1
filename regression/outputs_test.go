//go:build linux

package regression

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// fill writes to a pipe until it takes no more, through a description of its own: the
// process does not find its output in another mode.
func fill(t *testing.T, writer *os.File) {
	t.Helper()
	own, err := os.OpenFile(fmt.Sprintf("/proc/self/fd/%d", writer.Fd()), os.O_WRONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	for _, size := range []int{4096, 1} {
		for err == nil {
			if err = own.SetWriteDeadline(time.Now().Add(200 * time.Millisecond)); err == nil {
				_, err = own.Write(make([]byte, size))
			}
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("filling the pipe: got %v, want that it takes no more", err)
		}
		err = nil
	}
}

// logged is a configuration whose requests of /down are logged by the process, too.
func logged(body string) string {
	return "log: { level: debug }\nroutes:\n- { path: \"/*\", respond: { status: 200, body: " + body + " } }\n" +
		"- { path: /down, upstream: \"http://127.0.0.1:9\", retry: off }\n"
}

func TestFixed05TheReaderOfAnOutputMayLeave(t *testing.T) {
	for _, name := range []string{"stdout", "stderr"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reader, writer := pipe(t)
			l := launch{config: logged("one")}
			target := "/"
			if name == "stdout" {
				l.stdout = writer
			} else {
				l.stderr, target = writer, "/down"
			}
			g := l.start(t)
			_ = writer.Close() // the process alone has it now
			_ = reader.Close()
			for range 50 {
				if body := g.ask("http://" + g.address + target); body != "one" && !strings.Contains(body, `"status":502`) {
					t.Fatalf("got %q", body)
				}
			}
			if code := g.end(); code != 0 {
				t.Errorf("it ended with code %d (%v), want 0", code, g.cmd.ProcessState)
			}
		})
	}
}

// stuck starts a gateway whose standard error is a full pipe.
func stuck(t *testing.T) *gateway {
	t.Helper()
	_, writer := pipe(t)
	g := launch{config: logged("one"), stderr: writer}.start(t)
	fill(t, writer)
	return g
}

func TestFixed06AFullStderrHoldsNoRequest(t *testing.T) {
	t.Parallel()
	g := stuck(t)
	for range 50 {
		if body := g.ask("http://" + g.address + "/down"); !strings.Contains(body, `"status":502`) {
			t.Fatalf("a request that is logged: got %q, want 502", body)
		}
	}
}

func TestFixed06AFullStderrHoldsNoReload(t *testing.T) {
	t.Parallel()
	g := stuck(t)
	for _, body := range []string{"two", "three"} { // the first line about a reload may come after it
		g.write(logged(body))
		g.signal(syscall.SIGHUP)
		g.until("the reload is in force", func() bool { return g.ask("http://"+g.address+"/") == body })
	}
}

func TestFixed06AFullStderrHoldsNoSignal(t *testing.T) {
	t.Parallel()
	g := stuck(t)
	if code := g.end(); code != 0 {
		t.Errorf("got code %d (%v), want 0", code, g.cmd.ProcessState)
	}
}

func TestFixed19AnAccessLogPipeWithoutReaderHoldsNoStart(t *testing.T) {
	t.Parallel()
	fifo := filepath.Join(t.TempDir(), "access.pipe")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	g := start(t, fmt.Sprintf("log: { access: { file: %q } }\nroutes: [{ path: \"/*\", respond: { status: 200, body: one } }]\n", fifo))
	if body := g.ask("http://" + g.address + "/"); body != "one" {
		t.Errorf("got %q, want one", body)
	}
}
