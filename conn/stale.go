package conn

import "errors"

// ErrStale says that an idle connection cannot be used again: its peer has closed it,
// or has sent something nobody asked for.
var ErrStale = errors.New("the idle connection was closed by its peer, or holds bytes nobody asked for")

// errSlow says that a peer does not take bytes as fast as they are sent.
var errSlow = errors.New("the peer is slow to take bytes")
