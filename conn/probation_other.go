//go:build !linux

package conn

import "syscall"

func (p *probation) boundSending(syscall.RawConn) {}

func (p *probation) freeSending(syscall.RawConn) {}

func (p *probation) boundReceiving(syscall.RawConn) {}

func (p *probation) freeReceiving(syscall.RawConn) {}
