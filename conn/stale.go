package conn

import "errors"

// ErrStale is the error of Ask for an idle connection that cannot be used again: its peer has
// closed it, or has sent something nobody asked for, or it was closed on this side. Nothing was
// sent, so the caller may use another connection.
var ErrStale = errors.New("the idle connection was closed by its peer, or holds bytes nobody asked for")

// errSlow says that a peer does not take bytes as fast as they are sent.
var errSlow = errors.New("the peer is slow to take bytes")
