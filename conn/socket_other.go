//go:build !linux

package conn

import "errors"

// socketCalls are Linux's short cuts; here package net does it all.
type socketCalls struct{}

func (c *Conn) bind() {}

func (c *Conn) readRaw(p []byte) (int, error) { return c.raw.Read(p) }

func (c *Conn) writeRaw(p []byte) (int, error) { return c.raw.Write(p) }

func (c *Conn) askRaw(p []byte) (int, error) { return c.askSlowly(p) }

// Unread reports whether bytes of the peer wait to be read, or its end of stream does,
// which cannot be told apart here. It does not wait, and must not run beside Read.
func (c *Conn) Unread() bool { return !c.Alive() }

// CanAwait reports whether Await works: on a plain socket, under Linux.
func (c *Conn) CanAwait() bool { return false }

func (c *Conn) awaitRaw() error { return errors.ErrUnsupported }
