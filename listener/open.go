package listener

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"time"
)

// socketMode lets the owner and the group connect to a unix socket.
const socketMode = 0o660

// staleWait limits the connection attempt that finds out whether a socket file is in use.
const staleWait = time.Second

// Listen opens an address: "host:port"; ":port" or "[::]:port" for IPv4 and IPv6 at
// once; "0.0.0.0:port" for IPv4 alone; "unix:/path" for a unix socket of mode 0660.
// A socket file that no process listens on is replaced; any other file at the path is an
// error, and so is one that may be in use. The file is removed when the listener is closed. Other
// errors are an address of another form and those of the system, for example for a port that is in
// use. With an error the listener is nil and nothing stays open.
func Listen(address string) (net.Listener, error) {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		return listenUnix(path)
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: want host:port, :port or unix:/path: %w", address, err)
	}
	network := "tcp"
	if ip, err := netip.ParseAddr(host); err == nil && ip.Is4() {
		network = "tcp4" // net would open 0.0.0.0 for both families
	}
	return net.Listen(network, address) // its error names the address
}

func listenUnix(path string) (net.Listener, error) {
	if path == "" {
		return nil, errors.New(`listen on "unix:": want a path`)
	}
	l, err := net.Listen("unix", path)
	if errors.Is(err, syscall.EADDRINUSE) {
		if err := removeStale(path); err != nil {
			return nil, fmt.Errorf("listen on unix:%s: %w", path, err)
		}
		l, err = net.Listen("unix", path)
	}
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, socketMode); err != nil {
		return nil, errors.Join(fmt.Errorf("listen on unix:%s: %w", path, err), l.Close())
	}
	return l, nil
}

// removeStale removes the socket file at path if no process listens on it.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("a file that is not a socket is in the way (%v)", info.Mode())
	}
	c, err := net.DialTimeout("unix", path, staleWait)
	if err == nil {
		_ = c.Close() // the connection was only a test
		return errors.New("another process listens there")
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("cannot tell whether another process listens there: %w", err)
	}
	return os.Remove(path)
}
