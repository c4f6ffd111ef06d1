//go:build !race

package conn

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// recv is recv(2) that never blocks and that the runtime does not hear of. It takes
// at least one byte of memory; 0 without an error is the end of the stream.
func recv(fd uintptr, p []byte, flags int) (int, error) {
	for {
		n, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)), uintptr(unix.MSG_DONTWAIT|flags), 0, 0)
		switch errno {
		case 0:
			return int(n), nil
		case unix.EINTR:
			continue
		case unix.EAGAIN:
			return 0, unix.EAGAIN // a constant, which does not allocate
		}
		return 0, errno
	}
}

// sendPiece is send(2) in the same manner.
func sendPiece(fd uintptr, p []byte) (int, error) {
	for {
		n, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, fd, uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
		switch errno {
		case 0:
			return int(n), nil
		case unix.EINTR:
			continue
		case unix.EAGAIN:
			return 0, unix.EAGAIN
		}
		return 0, errno
	}
}
