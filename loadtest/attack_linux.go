package main

import "syscall"

// socketError returns why the connection has ended, without reading from it; nil while it
// is open.
func socketError(raw syscall.RawConn) error {
	var code int
	var asked error
	if err := raw.Control(func(fd uintptr) {
		code, asked = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_ERROR)
	}); err != nil {
		return err
	}
	if asked == nil && code != 0 {
		return syscall.Errno(code)
	}
	return asked
}
