//go:build !unix

package conn

import "syscall"

// probe cannot look at a socket here and believes in it.
type probe struct{}

func newProbe() *probe { return new(probe) }

func (*probe) look(syscall.RawConn) peeked { return peekQuiet }
