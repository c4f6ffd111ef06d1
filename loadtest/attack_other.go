//go:build !linux

package main

import "syscall"

// socketError is never called: attacks need Linux.
func socketError(syscall.RawConn) error { return nil }
