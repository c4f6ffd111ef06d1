package conn

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// unsent returns how many bytes the kernel keeps until the peer confirms them. sys is of
// a socket, nil for none.
func unsent(sys syscall.RawConn) int64 {
	n := 0
	if sys != nil {
		_ = sys.Control(func(fd uintptr) { n, _ = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) }) // closed: none
	}
	return int64(n)
}
