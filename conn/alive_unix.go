//go:build unix

package conn

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// probe looks at a socket without taking anything from it. It holds its callback and
// buffer so that a look does not allocate.
type probe struct {
	control func(fd uintptr)
	buf     [1]byte
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

func (p *probe) peek(fd uintptr) {
	for {
		n, _, err := unix.Recvfrom(int(fd), p.buf[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN:
			p.seen = peekQuiet
		case err == nil && n > 0:
			p.seen = peekData
		}
		return
	}
}
