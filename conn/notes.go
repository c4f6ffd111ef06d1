package conn

import "sync/atomic"

// Phase is a note about what the connection is being used for; the numbers are the owner's.
// It is 0 on a new connection, and Conn itself never reads or changes it.
func (c *Conn) Phase() *atomic.Uint32 { return &c.phase }
