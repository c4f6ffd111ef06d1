package listener

import (
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// quiesceTime bounds the wait for connections that nobody accepts any more.
const quiesceTime = time.Second

// quiesce turns new connections away and returns once those that the kernel has
// accepted were taken. Closing a listener resets the ones that still wait in its
// queue, although their clients may have sent a whole request by then. With a filter
// that drops every packet, opening ones get no answer: their clients try again and
// find the port closed, or another process.
func quiesce(l net.Listener) {
	tcp, ok := l.(*net.TCPListener)
	if !ok {
		return
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return
	}
	drop := []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K, K: 0}} // no bytes of the packet pass
	program := &unix.SockFprog{Len: 1, Filter: &drop[0]}
	err = raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, program)
	})
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(quiesceTime); err == nil && waiting(raw); {
		if (<-tick.C).After(end) {
			return
		}
	}
}

// waiting reports whether the listener's queue holds a connection.
func waiting(raw syscall.RawConn) (yes bool) {
	_ = raw.Control(func(fd uintptr) {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(fds, 0)
		yes = err == nil && n > 0
	})
	return yes
}
