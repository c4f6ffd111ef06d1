package driver

import (
	"net/netip"
	"syscall"
	"time"
	"unsafe"
)

// sysEpollPwait2 is a system call of Linux 5.11 that the syscall package does not
// name. It waits with the precision of nanoseconds: arrivals are microseconds apart,
// and spinning until the next would take a processor from the target.
const sysEpollPwait2 = 441

// prSetTimerSlack is an option of prctl: how many ns later than requested a wait of this
// thread may end. The default is 50,000.
const prSetTimerSlack = 29

// sharpenTimer sets the smallest timer slack for this thread.
func sharpenTimer() {
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, prSetTimerSlack, 1, 0)
}

// poller reports sockets that are ready, edge-triggered.
type poller struct {
	fd     int
	events []syscall.EpollEvent
}

func newPoller() (poller, error) {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	return poller{fd, make([]syscall.EpollEvent, 512)}, err
}

func (p *poller) close() { _ = syscall.Close(p.fd) }

// add watches the socket; its events carry id in Fd.
func (p *poller) add(fd, id int) error {
	const edge = 1 << 31 // EPOLLET, which is negative in the syscall package
	return syscall.EpollCtl(p.fd, syscall.EPOLL_CTL_ADD, fd, &syscall.EpollEvent{
		Events: syscall.EPOLLIN | syscall.EPOLLOUT | syscall.EPOLLRDHUP | edge, Fd: int32(id),
	})
}

// wait returns the next events; it waits at most d for them. They are valid until the next
// call.
func (p *poller) wait(d time.Duration) ([]syscall.EpollEvent, error) {
	span := syscall.NsecToTimespec(int64(max(d, 0)))
	n, _, errno := syscall.Syscall6(sysEpollPwait2, uintptr(p.fd), uintptr(unsafe.Pointer(&p.events[0])),
		uintptr(len(p.events)), uintptr(unsafe.Pointer(&span)), 0, 0)
	switch errno {
	case 0:
		return p.events[:n], nil
	case syscall.EINTR:
		return nil, nil
	}
	return nil, errno
}

// dial starts a handshake. The socket becomes writable when the connection is open.
func dial(to netip.AddrPort) (fd int, err error) {
	family, address := syscall.AF_INET6, syscall.Sockaddr(&syscall.SockaddrInet6{Port: int(to.Port()), Addr: to.Addr().As16()})
	if to.Addr().Unmap().Is4() {
		family, address = syscall.AF_INET, &syscall.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().Unmap().As4()}
	}
	fd, err = syscall.Socket(family, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	err = syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1)
	if err == nil {
		if err = syscall.Connect(fd, address); err == syscall.EINPROGRESS {
			err = nil
		}
	}
	if err != nil {
		_ = syscall.Close(fd)
	}
	return fd, err
}

// processorTime returns the processor time that this process has used, user and system.
func processorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
