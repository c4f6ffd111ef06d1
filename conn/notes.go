package conn

import "sync/atomic"

// notes are two numbers that the owner of a connection keeps with it.
type notes struct {
	phase atomic.Uint32
	mark  atomic.Uint32
}

// SetPhase notes what the connection is being used for; the numbers are the
// owner's. A new connection is in phase 0.
func (c *Conn) SetPhase(phase uint32) { c.notes.phase.Store(phase) }

// Phase returns what SetPhase noted last.
func (c *Conn) Phase() uint32 { return c.notes.phase.Load() }

// MarkReads remembers how many reads there have been, for ReadSinceMark.
func (c *Conn) MarkReads() { c.notes.mark.Store(c.Reads()) }

// ReadSinceMark reports whether a Read has reached the socket since MarkReads,
// or ever when it was not called.
func (c *Conn) ReadSinceMark() bool { return c.notes.mark.Load() != c.Reads() }
