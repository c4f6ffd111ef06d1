package listener

import (
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// reach dials an address, skipping the test when this machine has no such family.
func reach(t *testing.T, network, host string, l net.Listener) {
	t.Helper()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial(network, net.JoinHostPort(host, port))
	if err != nil {
		t.Errorf("dial %s %s: %v", network, host, err)
		return
	}
	_ = c.Close()
}

func haveIPv6() bool {
	l, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		return false
	}
	return l.Close() == nil
}

func TestListenFamilies(t *testing.T) {
	for _, tc := range []struct {
		address string
		v4, v6  bool
	}{
		{":0", true, true},
		{"[::]:0", true, true},
		{"0.0.0.0:0", true, false},
		{"127.0.0.1:0", true, false},
		{"[::1]:0", false, true},
	} {
		t.Run(tc.address, func(t *testing.T) {
			if tc.v6 && !haveIPv6() {
				t.Skip("this machine has no IPv6")
			}
			l, err := Listen(tc.address)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			if tc.v4 {
				reach(t, "tcp4", "127.0.0.1", l)
			}
			if tc.v6 {
				reach(t, "tcp6", "::1", l)
			}
			if !tc.v6 && l.Addr().(*net.TCPAddr).IP.To4() == nil {
				t.Errorf("got %v, want IPv4 alone", l.Addr())
			}
		})
	}
}

func TestListenUnix(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no file modes")
	}
	path := filepath.Join(t.TempDir(), "s")
	stale, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	stale.(*net.UnixListener).SetUnlinkOnClose(false) // as after a crash
	_ = stale.Close()
	l, err := Listen("unix:" + path)
	if err != nil {
		t.Fatalf("stale file: %v", err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != socketMode {
		t.Errorf("got mode %v, %v; want %o", info.Mode(), err, socketMode)
	}
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	if _, err := Listen("unix:" + path); err == nil || !strings.Contains(err.Error(), "another process listens") {
		t.Errorf("in use: got %v", err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the file of a living listener is gone: %v", err)
	}
	_ = l.Close()
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("after Close: got %v, want the file removed", err)
	}
}

func TestListenErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{
		"8080":         `listen on "8080": want host:port`,
		"unix:":        "want a path",
		"unix:" + file: "not a socket",
	} {
		if l, err := Listen(address); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, %v; want %q", address, l, err, want)
		}
	}
	if got, err := os.ReadFile(file); string(got) != "mine" {
		t.Errorf("the file in the way was touched: %q, %v", got, err)
	}
}

func TestConnectionBudget(t *testing.T) {
	for _, tc := range []struct {
		name                    string
		want, busy, idle, files int
		granted                 int
		lowered                 bool
	}{
		{"fits", 16000, 1500, 500, 65536, 16000, false},
		{"fits exactly", 1200, 300, 300, 2000, 1200, false},
		{"one too many", 1201, 300, 300, 2000, 1200, true},
		{"each client needs one upstream", 16000, 8000, 200, 1024, 312, true},
		{"nothing left: the floor", 16000, 8000, 2000, 1024, 64, true},
		{"less than the floor is wanted", 10, 2000, 1000, 1024, 10, false},
		{"unknown limit", 16000, 1000, 1000, 0, 16000, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			granted, lowered := ConnectionBudget(tc.want, tc.busy, tc.idle, tc.files)
			if granted != tc.granted || lowered != tc.lowered {
				t.Errorf("got %d, %v; want %d, %v", granted, lowered, tc.granted, tc.lowered)
			}
		})
	}
}

func TestRaiseFileLimit(t *testing.T) {
	first, err := RaiseFileLimit()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := RaiseFileLimit(); again != first || err != nil {
		t.Errorf("second call: got %d, %v; want %d", again, err, first)
	}
	if runtime.GOOS == "linux" && first == 0 {
		t.Error("got 0, want the limit")
	}
}
