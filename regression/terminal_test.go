//go:build linux

package regression

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// terminal returns both ends of a pseudo terminal (pty(7)).
func terminal(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo terminals here: %v", err)
	}
	t.Cleanup(func() { _ = master.Close() })
	var locked, number int32
	for request, value := range map[uintptr]*int32{syscall.TIOCSPTLCK: &locked, syscall.TIOCGPTN: &number} {
		if _, _, no := syscall.Syscall(syscall.SYS_IOCTL, master.Fd(), request, uintptr(unsafe.Pointer(value))); no != 0 {
			t.Fatal(no)
		}
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return master, slave
}

// Both logs are text on a terminal.
func TestFixed17LogsAreReadableOnATerminal(t *testing.T) {
	t.Parallel()
	master, slave := terminal(t)
	defer slave.Close()
	shown := make(chan []byte, 1)
	go func() {
		text, _ := io.ReadAll(master) // until the last user of the other end has gone
		shown <- text
	}()
	g := launch{config: "routes: [{ path: /, respond: 200 }]\n", stdout: slave, stderr: slave}.start(t)
	get(t, g.address, "GET / HTTP/1.1")
	g.end()
	if err := slave.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		t.Fatal(err)
	}
	select {
	case text := <-shown:
		if bytes.Contains(text, []byte(`{"time"`)) || !bytes.Contains(text, []byte(`"GET"`)) {
			t.Errorf("got lines of JSON:\n%s", text)
		}
	case <-time.After(patience()):
		t.Fatal("the terminal is still open")
	}
}
