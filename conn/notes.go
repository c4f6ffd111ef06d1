package conn

// SetPhase notes what the connection is being used for; the numbers are the
// owner's. A new connection is in phase 0.
func (c *Conn) SetPhase(phase uint32) { c.phase.Store(phase) }

// Phase returns what SetPhase noted last.
func (c *Conn) Phase() uint32 { return c.phase.Load() }
