package conn

import (
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// queue is a question to the kernel. It is pooled because its callback is bound to it: the
// sweeper asks for every transfer that waits.
type queue struct {
	bytes int
	look  func(fd uintptr)
}

var queues = sync.Pool{New: func() any {
	q := new(queue)
	q.look = func(fd uintptr) { q.bytes, _ = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) }
	return q
}}

// unsent returns how many bytes the kernel keeps until the peer confirms them. sys is of
// a socket, nil for none.
func unsent(sys syscall.RawConn) int64 {
	if sys == nil {
		return 0
	}
	q := queues.Get().(*queue)
	defer queues.Put(q)
	q.bytes = 0
	_ = sys.Control(q.look) // closed: none
	return int64(q.bytes)
}
