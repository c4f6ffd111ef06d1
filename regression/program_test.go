//go:build linux

package regression

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"penstock/origin/scripted"
)

// asProgram makes this test binary become the program; fileLimit is the size beyond which no
// file of it can grow.
const (
	asProgram = "PENSTOCK_REGRESSION_PROGRAM"
	fileLimit = "PENSTOCK_REGRESSION_FILE_LIMIT"
	binary    = "PENSTOCK_BINARY"
)

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		err := become()
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	if os.Getenv(binary) != "" {
		os.Exit(m.Run())
	}
	dir, err := os.MkdirTemp("", "regression")
	if err != nil {
		panic(err)
	}
	file := filepath.Join(dir, "penstock")
	if out, err := exec.Command("go", "build", "-o", file, "penstock").CombinedOutput(); err != nil {
		panic(string(out))
	}
	if err := os.Setenv(binary, file); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// become replaces this process by the program. With a limit of files the signal that a write
// beyond it causes is blocked, so that the write is an error as on a full disk.
func become() error {
	runtime.LockOSThread()
	if limit, err := strconv.ParseUint(os.Getenv(fileLimit), 10, 64); err == nil {
		set := uint64(1) << (syscall.SIGXFSZ - 1)
		if _, _, no := syscall.RawSyscall6(syscall.SYS_RT_SIGPROCMASK, 0, uintptr(unsafe.Pointer(&set)), 0, 8, 0, 0); no != 0 {
			return no
		}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
			return err
		}
	}
	file := os.Getenv(binary)
	return syscall.Exec(file, append([]string{file}, os.Args[1:]...), os.Environ())
}

// result is what a command left.
type result struct {
	code           int
	stdout, stderr string
}

// command runs the program with these arguments; it has to end by itself.
func command(t *testing.T, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience())
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, os.Getenv(binary), args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if ctx.Err() != nil {
		t.Fatalf("penstock %s: it still runs after %v", strings.Join(args, " "), patience())
	}
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// file writes a file of the test.
func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// backend starts an origin with a script.
func backend(t *testing.T, script func(*scripted.Peer)) *scripted.Origin {
	t.Helper()
	o, err := scripted.Start(scripted.Options{Script: script})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.Close)
	return o
}

// one is a configuration with one route to an origin and more of its keys.
func one(o *scripted.Origin, keys ...string) string {
	return "routes:\n- path: \"/*\"\n  upstream: \"http://" + o.Address + "\"\n  " + strings.Join(keys, "\n  ") + "\n"
}

// heads is an origin that sends the same to every request, and each request's head to the
// channel.
func heads(t *testing.T, response string) (*scripted.Origin, chan string) {
	t.Helper()
	seen := make(chan string, 10_000)
	return backend(t, func(p *scripted.Peer) {
		for {
			head, err := p.Head()
			if err != nil {
				return
			}
			seen <- head
			if !p.Say(response) {
				return
			}
		}
	}), seen
}

// client is a connection to the gateway.
type client struct {
	t *testing.T
	*net.TCPConn
	in *scripted.Reader
}

func dial(t *testing.T, address string) *client {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(5 * patience())); err != nil {
		t.Fatal(err)
	}
	return &client{t, c.(*net.TCPConn), scripted.NewReader(c)}
}

// send writes lines with CRLF between them. The gateway may have closed already.
func (c *client) send(lines ...string) { _, _ = c.Write([]byte(strings.Join(lines, "\r\n"))) }

// request sends the head of a request for host a.
func (c *client) request(line string, fields ...string) {
	c.send(append(append([]string{line + " HTTP/1.1", "Host: a"}, fields...), "", "")...)
}

// read returns the next final response within the patience.
func (c *client) read() *scripted.Message {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(patience()))
	m, err := c.in.Final("GET")
	if err != nil {
		c.t.Fatalf("got %+v and %v instead of a response", m, err)
	}
	return m
}

// get sends the lines on a new connection, with an empty line at the end unless they have
// one, and returns the response.
func get(t *testing.T, address string, lines ...string) *scripted.Message {
	t.Helper()
	c := dial(t, address)
	if len(lines) == 1 {
		lines = append(lines, "Host: a")
	}
	text := strings.Join(lines, "\r\n")
	if !strings.Contains(text, "\r\n\r\n") {
		text += "\r\n\r\n"
	}
	c.send(text)
	m := c.read()
	_ = c.Close()
	return m
}
