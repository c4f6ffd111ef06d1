//go:build unix

package cli

import (
	"bufio"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// openStream requests a stream through url and returns when its first bytes have come.
func openStream(t *testing.T, url, target string) *bufio.Reader {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, "GET "+target+" HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(conn)
	if _, err := reader.Peek(1); err != nil {
		t.Fatal(err)
	}
	return reader
}

// insist sends s again and again until the process has ended, and returns its code.
func (p *process) insist(s os.Signal) int {
	p.t.Helper()
	pace := time.NewTicker(100 * time.Millisecond)
	defer pace.Stop()
	for {
		select {
		case line, open := <-p.lines:
			if !open {
				return p.end()
			}
			p.seen = append(p.seen, line)
		case <-pace.C:
			_ = p.cmd.Process.Signal(s) // it may have ended just now
		}
	}
}

func TestALaterSignalEndsAtOnce(t *testing.T) {
	p, _, url := startGateway(t, startOrigin(t, "a"), "")
	openStream(t, url, "/events?count=0&interval=50ms") // endless: the drain waits for its deadline
	p.signal(syscall.SIGTERM)
	p.expect(`"msg":"shutting down"`)
	if code := p.insist(syscall.SIGTERM); code != exitFailed {
		t.Errorf("after signals for more than a second: got code %d, want 1", code)
	}
}

// Supervisors and terminals send two signals at once; a stream that needs a little
// longer is not cut by them.
func TestTwoSignalsAtOnceAreOne(t *testing.T) {
	p, _, url := startGateway(t, startOrigin(t, "a"), "")
	stream := openStream(t, url, "/events?count=10&interval=50ms")
	p.signal(syscall.SIGTERM)
	p.signal(syscall.SIGINT) // two SIGTERM might be one already in the kernel
	if code := p.end(); code != exitGood {
		t.Errorf("after two signals: got code %d, want 0\n%s", code, strings.Join(p.seen, "\n"))
	}
	text, err := io.ReadAll(stream)
	if n := strings.Count(string(text), "\ndata: "); n != 10 || err != nil {
		t.Errorf("got %d of 10 events and %v", n, err)
	}
}

func TestWhichSignalIsASecondOne(t *testing.T) {
	for _, tc := range []struct {
		name  string
		after []time.Duration // from the first signal to each other
		takes time.Duration   // that the shutdown needs
		want  int
	}{
		{"none", nil, time.Minute, exitGood},
		{"at once", []time.Duration{0, 0}, time.Minute, exitGood},
		{"within a second", []time.Duration{sameStop - 1, sameStop - 1}, time.Minute, exitGood},
		{"a second later", []time.Duration{0, sameStop}, time.Minute, exitFailed},
		{"after the end", []time.Duration{time.Hour}, time.Minute, exitGood},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ended, stop := make(chan int, 1), make(chan os.Signal, len(tc.after))
				time.AfterFunc(tc.takes, func() { ended <- exitGood })
				for _, d := range tc.after {
					time.AfterFunc(d, func() { stop <- syscall.SIGTERM })
				}
				code, second := untilEnd(ended, stop)
				if code != tc.want || (second != nil) != (tc.want == exitFailed) {
					t.Errorf("got code %d and signal %v, want code %d", code, second, tc.want)
				}
			})
		})
	}
}
