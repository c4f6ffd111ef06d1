//go:build linux

package cli

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// newTerminal returns both ends of a pseudo terminal (pty(7)), closed with the test.
func newTerminal(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo terminals here: %v", err)
	}
	t.Cleanup(func() { _ = master.Close() })
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = slave.Close() })
	return master, slave
}

// launchOnTerminal starts the command with a terminal as both outputs, and follows
// its lines.
func launchOnTerminal(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	master, slave := newTerminal(t)
	p := &process{t: t, cmd: exec.Command(os.Args[0], args...), lines: make(chan string, 10000)}
	p.cmd.Env = append(append(os.Environ(), "PENSTOCK_AS_COMMAND=1"), env...)
	p.cmd.Stdout, p.cmd.Stderr = slave, slave
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := slave.Close(); err != nil { // so that the end of the process is the end of its lines
		t.Fatal(err)
	}
	go func() {
		defer close(p.lines)
		for s := bufio.NewScanner(master); s.Scan(); {
			p.lines <- strings.TrimSuffix(s.Text(), "\r")
		}
	}()
	t.Cleanup(func() {
		if !p.done {
			_ = p.cmd.Process.Kill()
			_ = p.cmd.Wait()
		}
	})
	return p
}

func TestTheDemoIsReadableOnATerminal(t *testing.T) {
	p := launchOnTerminal(t, demoEnv(t), "demo", "-public", "127.0.0.1:0", "-admin", "127.0.0.1:0")
	url := p.expect(`public +(http://[^/]+)/`)
	fetch(t, url+"/json")
	p.expect(`^\S+Z 127\.0\.0\.1 "GET" "[^"]+" "/json" HTTP/1\.1 200 `)
	p.signal(syscall.SIGINT)
	if code := p.end(); code != exitGood {
		t.Errorf("got code %d, want 0", code)
	}
	text := strings.Join(p.seen, "\n")
	if strings.Contains(text, `{"time"`) {
		t.Errorf("there are lines of JSON:\n%s", text)
	}
	if !strings.Contains(text, "level=INFO msg=serving ") || !regexp.MustCompile(`a response cache is in use" memory="\d+ MiB"`).MatchString(text) {
		t.Errorf("the start and the size of the cache are not in it:\n%s", text)
	}
}

func TestAStartThatIsRefusedIsReadableOnATerminal(t *testing.T) {
	file := write(t, "c.yaml", "listne: x\nroutes: []\n")
	p := launchOnTerminal(t, nil, "run", "-config", file)
	if code := p.end(); code != exitUsage {
		t.Errorf("got code %d, want 2", code)
	}
	if text := strings.Join(p.seen, "\n"); !strings.Contains(text, "\n"+file+":") && !strings.HasPrefix(text, file+":1:1: listne: unknown key") {
		t.Errorf("got\n%s\nwant what check prints", text)
	}
}

// The form of both logs is the configuration's, and follows a reload.
func TestTheFormOfTheLogsFollowsAReload(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config.yaml")
	form := func(process, access string) {
		text := smallRespond + "log: { format: " + process + ", access: { format: " + access + " } }\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	form("text", "auto")
	p := launch(t, nil, "run", "-config", file)
	url := "http://" + p.expect(`level=INFO msg=serving.* listen=(\S+)`)
	fetch(t, url+"/one")
	p.expect(`^{"time".*"target":"/one"`)
	form("json", "text")
	p.signal(syscall.SIGHUP)
	p.expect(`^{"time".*"msg":"reloaded"`)
	fetch(t, url+"/two")
	p.expect(`"GET" "[^"]+" "/two" HTTP/1\.1`)
	p.signal(syscall.SIGTERM)
	if code := p.end(); code != exitGood {
		t.Errorf("got code %d, want 0", code)
	}
}

// A failed start says why in one error, before it says that it has ended.
func TestAFailedStartSaysWhyBeforeItEnds(t *testing.T) {
	taken := occupied(t)
	p := launch(t, nil, "run", "-config", write(t, "c.yaml", strings.Replace(smallRespond, "listen: \"127.0.0.1:0\"", "listen: \""+taken+"\"", 1)))
	if code := p.end(); code != exitFailed {
		t.Errorf("got code %d, want 1", code)
	}
	text := strings.Join(p.seen, "\n")
	want := regexp.MustCompile(`"level":"ERROR","msg":"start failed","part":"listen","error":"[^"]*` + regexp.QuoteMeta(taken) + `.*address already in use[^\n]*\n[^\n]*"msg":"ended","code":1}$`)
	if !want.MatchString(text) || strings.Count(text, "ERROR") != 1 {
		t.Errorf("got\n%s\nwant one error with the address and the cause, then the end", text)
	}
}

const smallRespond = "listen: \"127.0.0.1:0\"\nadmin: \"127.0.0.1:0\"\nroutes: [{ path: \"/*\", respond: { status: 200, body: here } }]\n"
