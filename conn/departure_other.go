//go:build !linux

package conn

import "syscall"

// peerLeft is not known here without reading.
func peerLeft(syscall.RawConn) bool { return false }
