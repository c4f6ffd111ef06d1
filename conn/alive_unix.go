//go:build unix

package conn

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// probe looks at a socket without taking anything from it. It holds its callback and
// argument so that a look does not allocate.
type probe struct {
	control func(fd uintptr)
	fds     [1]unix.PollFd
	seen    peeked
}

func newProbe() *probe {
	p := new(probe)
	p.control = p.peek
	return p
}

func (p *probe) look(sys syscall.RawConn) peeked {
	p.seen = peekEnded
	if sys.Control(p.control) != nil {
		return peekEnded // closed
	}
	return p.seen
}

// peek asks whether a read would return at once: with data, or with the end of the
// stream, which poll does not tell apart.
func (p *probe) peek(fd uintptr) {
	p.fds[0] = unix.PollFd{Fd: int32(fd), Events: unix.POLLIN}
	for {
		n, err := unix.Poll(p.fds[:], 0)
		switch {
		case err == unix.EINTR:
			continue
		case err == nil && n == 0:
			p.seen = peekQuiet
		case err == nil && p.fds[0].Revents&unix.POLLIN != 0:
			p.seen = peekData
		}
		return
	}
}
