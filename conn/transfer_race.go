//go:build linux && race

package conn

import "syscall"

// recv is recv(2) as the race detector can see it: a read from a socket is ordered
// after the writes to other sockets before it.
func recv(fd uintptr, p []byte, flags int) (n int, err error) {
	for {
		if flags == 0 {
			n, err = syscall.Read(int(fd), p)
		} else {
			n, _, err = syscall.Recvfrom(int(fd), p, syscall.MSG_DONTWAIT|flags)
		}
		if err != syscall.EINTR {
			return max(n, 0), err
		}
	}
}

// sendPiece is send(2) in the same manner.
func sendPiece(fd uintptr, p []byte) (int, error) {
	for {
		n, err := syscall.Write(int(fd), p)
		if err != syscall.EINTR {
			return max(n, 0), err
		}
	}
}
