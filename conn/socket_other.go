//go:build !linux

package conn

import (
	"errors"
	"net"
	"syscall"
)

// socketCalls are Linux's short cuts; here package net does it all.
type socketCalls struct{ raw net.Conn }

func (k *socketCalls) bind(raw net.Conn, _ syscall.RawConn) { k.raw = raw }

func (k *socketCalls) plain() bool { return false }

func (k *socketCalls) read(p []byte) (int, error) { return k.raw.Read(p) }

func (k *socketCalls) write(p []byte) (int, error) { return k.raw.Write(p) }

func (k *socketCalls) await() error { return errors.ErrUnsupported }

func (k *socketCalls) unread() bool { return false }

func (k *socketCalls) askFor([]byte) (int, error) { return 0, errors.ErrUnsupported }

func (k *socketCalls) writeNow(_ []byte, late error) (int, error) { return 0, late }
