package admin

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"
)

// listener keeps accepting when the process is short of file descriptors, which
// fasthttp takes for the end, and knows its connections.
type listener struct {
	net.Listener
	closed chan struct{}
	once   sync.Once

	mu    sync.Mutex
	conns map[*tracked]struct{}
}

// listen opens "host:port", ":port" or "unix:/path". A socket file that nobody
// listens on any more is replaced.
func listen(address string) (*listener, error) {
	network, addr := "tcp", address
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		network, addr = "unix", path
		if err := removeStale(path); err != nil {
			return nil, err
		}
	}
	ln, err := net.Listen(network, addr)
	if err != nil {
		return nil, err // names the operation and the address already
	}
	if network == "unix" {
		if err := os.Chmod(addr, 0o660); err != nil {
			ln.Close()
			return nil, fmt.Errorf("socket %s: %w", addr, err)
		}
	}
	return &listener{Listener: ln, closed: make(chan struct{}), conns: map[*tracked]struct{}{}}, nil
}

// removeStale removes the socket file at path if no process listens on it.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode()&os.ModeSocket == 0 {
		return fmt.Errorf("listen unix %s: the file exists and is not a socket", path)
	}
	if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
		c.Close()
		return fmt.Errorf("listen unix %s: another process listens there", path)
	}
	return os.Remove(path)
}

// Accept returns the next connection for which there is room.
func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.accept()
		if err != nil {
			return nil, err
		}
		if t := l.admit(c); t != nil {
			return t, nil
		}
	}
}

// accept returns the next connection. Errors other than a closed listener are
// waited out: 5 ms at first, at most 1 s.
func (l *listener) accept() (net.Conn, error) {
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		c, err := l.Listener.Accept()
		if err == nil {
			return c, nil
		}
		if errors.Is(err, net.ErrClosed) {
			return nil, err
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-l.closed:
			timer.Stop()
			return nil, net.ErrClosed
		}
	}
}

// Close stops accepting. A second call does nothing.
func (l *listener) Close() (err error) {
	l.once.Do(func() {
		close(l.closed)
		err = l.Listener.Close()
	})
	return err
}

// closeUnused closes connections on which nothing has come yet: a server that shuts
// down would wait for their first request.
func (l *listener) closeUnused() {
	for _, c := range l.open() {
		if !c.used.Load() {
			c.Close()
		}
	}
}

// closeAll closes every connection and returns how many there were.
func (l *listener) closeAll() int {
	conns := l.open()
	for _, c := range conns {
		c.Close()
	}
	return len(conns)
}

func (l *listener) open() []*tracked {
	l.mu.Lock()
	defer l.mu.Unlock()
	conns := make([]*tracked, 0, len(l.conns))
	for c := range l.conns {
		conns = append(conns, c)
	}
	return conns
}
