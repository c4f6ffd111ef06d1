package conn

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// peerLeft reports whether the peer of a socket, nil for none, has ended its direction or reset the connection, whatever
// it has sent before. It does not wait and may run beside Read and Write.
func peerLeft(sys syscall.RawConn) bool {
	if sys == nil {
		return false
	}
	left := false
	_ = sys.Control(func(fd uintptr) { // an error means that we have closed it
		fds := [1]unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
		n, err := unix.Poll(fds[:], 0)
		left = err == nil && n > 0 && fds[0].Revents&(unix.POLLRDHUP|unix.POLLHUP|unix.POLLERR) != 0
	})
	return left
}
