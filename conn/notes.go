package conn

import (
	"bytes"
	"sync/atomic"
)

// notes are what the owner of a connection keeps with it.
type notes struct {
	phase     atomic.Uint32
	mark      atomic.Uint32
	lines     atomic.Bool
	sinceLine atomic.Int64
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

// WatchLines begins or ends looking for line feeds in what is read.
func (c *Conn) WatchLines(on bool) { c.notes.lines.Store(on) }

// SinceLine returns how many bytes were read since the latest line feed, of those
// that were read while lines were watched.
func (c *Conn) SinceLine() int64 { return c.notes.sinceLine.Load() }

// watch looks for the end of a line in what was just read.
func (n *notes) watch(p []byte) {
	if at := bytes.LastIndexByte(p, '\n'); at >= 0 {
		n.sinceLine.Store(int64(len(p) - 1 - at))
	} else {
		n.sinceLine.Add(int64(len(p)))
	}
}
