package conn

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// boundSending bounds what the kernel keeps before it has sent it.
func (p *probation) boundSending(sys syscall.RawConn) {
	if *p == unrestricted && sys != nil {
		*p = restricted
		setOption(sys, unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, mostUnsent)
	}
}

// freeSending ends that.
func (p *probation) freeSending(sys syscall.RawConn) {
	if *p == restricted {
		*p = proven
		setOption(sys, unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, 0) // the system's own
	}
}

// boundReceiving keeps the receive buffer at the size that it has.
func (p *probation) boundReceiving(sys syscall.RawConn) {
	if *p == unrestricted && sys != nil {
		*p = restricted
		setOption(sys, unix.SOL_SOCKET, unix.SO_BUF_LOCK, unix.SOCK_RCVBUF_LOCK)
	}
}

// freeReceiving ends that.
func (p *probation) freeReceiving(sys syscall.RawConn) {
	if *p == restricted {
		*p = proven
		setOption(sys, unix.SOL_SOCKET, unix.SO_BUF_LOCK, 0)
	}
}

// setOption ignores errors: sockets that are not of TCP, and old kernels, do without.
func setOption(sys syscall.RawConn, level, name, value int) {
	_ = sys.Control(func(fd uintptr) { _ = unix.SetsockoptInt(int(fd), level, name, value) })
}
