//go:build linux

package regression

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// source names the tree whose files and tools are tested. Without it these tests are
// skipped: they show that other tests and tools were fixed, which are tested themselves.
const source = "PENSTOCK_SOURCE"

// inSource returns a command that runs in the root of the tree, with a folder in front of
// PATH in which a script replaces another program.
func inSource(t *testing.T, program, script string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("%s is not installed here", program)
	}
	dir := t.TempDir()
	text := "#!/bin/bash\nreal=" + path + "\n" + script
	if err := os.WriteFile(filepath.Join(dir, program), []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	cmd.Dir = tree(t)
	cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "SEEN="+filepath.Join(dir, "seen"))
	t.Cleanup(func() { _ = os.Remove(filepath.Join(dir, "seen")) })
	return cmd
}

func tree(t *testing.T) string {
	t.Helper()
	dir := os.Getenv(source)
	if dir == "" {
		t.Skip(source + " is not set; .ci/mended sets it")
	}
	return dir
}

func TestFixed17TheMakefileNamesTheAddressOfTheDemo(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(tree(t), "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "127.0.0.1:8080") || !strings.Contains(string(text), "port 8080 of every address") {
		t.Error("the demo listens on port 8080 of every address, and the Makefile says something else")
	}
}

// The test of the load script waits for what it wants to see, and not for a second: here
// each response takes 200 ms.
func TestFixed20TheTestOfTheLoadScriptNeedsNoFastMachine(t *testing.T) {
	t.Parallel()
	const script = `for a; do
	case $a in http://*)
		address=${a#http://}; path=/${address#*/}
		exec 3<>"/dev/tcp/127.0.0.1/$RELAY"
		echo "${address%%/*}" >&3
		read -r relay <&3
		a=http://$relay$path ;;
	esac
	args+=("$a")
done
exec "$real" "${args[@]}"
`
	cmd := inSource(t, "wrk", script, "go", "test", "-count=1", "./loadtest/compare", "-run", "TestScriptSendsWhatItIsTold")
	cmd.Env = append(cmd.Env, "RELAY="+slowRelays(t, 200*time.Millisecond))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("it saw %s\n%s", regexp.MustCompile(`\d+ paths, \d+ posts`).Find(out), out)
	}
}

// slowRelays listens on the port that it returns. A connection there sends an address as a
// line and gets the address of a relay to it, which lives as long as that connection.
func slowRelays(t *testing.T, delay time.Duration) (port string) {
	t.Helper()
	control := listen(t)
	go serve(control, func(c net.Conn) {
		to, err := bufio.NewReader(c).ReadString('\n')
		if err != nil {
			return
		}
		relay, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return
		}
		defer relay.Close()
		go serve(relay, func(client net.Conn) { slow(client, strings.TrimSpace(to), delay) })
		_, _ = fmt.Fprintln(c, relay.Addr())
		_, _ = io.Copy(io.Discard, c)
	})
	_, port, _ = net.SplitHostPort(control.Addr().String())
	return port
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	return ln
}

// serve gives each connection to do, until the listener closes.
func serve(ln net.Listener, do func(net.Conn)) {
	for {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			do(c)
		}()
	}
}

// slow relays a connection and passes on nothing of the server before the delay.
func slow(client net.Conn, to string, delay time.Duration) {
	server, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer server.Close()
	go func() {
		_, _ = io.Copy(server, client)
		_ = server.Close()
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := server.Read(buf)
		if err != nil {
			return
		}
		<-time.After(delay)
		if _, err := client.Write(buf[:n]); err != nil {
			return
		}
	}
}

// A comparison gives nginx as many workers as Penstock uses processors.
func TestFixed21CompareGivesNginxAllProcessors(t *testing.T) {
	t.Parallel()
	if runtime.NumCPU() < 2 {
		t.Skip("with one processor there is nothing to share")
	}
	const script = `for a; do
	case $a in */nginx.conf) grep -h worker_processes "$a" >>"$SEEN" ;; esac
done
exec "$real" "$@"
`
	args := []string{"go", "run", "./loadtest", "compare", "-scenarios", "small", "-targets", "nginx", "-rounds", "1", "-for", "1s"}
	help := exec.Command("go", "run", "./loadtest", "compare", "-h")
	help.Dir = tree(t)
	if text, _ := help.CombinedOutput(); strings.Contains(string(text), "-pin") {
		args = append(args, "-pin=false") // a target that has processors of its own has fewer
	}
	cmd := inSource(t, "nginx", script, args...)
	if _, err := exec.LookPath("wrk"); err != nil {
		t.Skip("wrk is not installed here")
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	seen := ""
	for _, e := range cmd.Env {
		if file, found := strings.CutPrefix(e, "SEEN="); found {
			text, _ := os.ReadFile(file)
			seen = string(text)
		}
	}
	if want := "worker_processes " + strconv.Itoa(runtime.NumCPU()) + ";"; !strings.Contains(seen, want) {
		t.Errorf("nginx was configured with %q, want %q\n%s", strings.TrimSpace(seen), want, out)
	}
}
