package conn

import (
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const (
	maxPipes = 64          // two descriptors each; when all are in use, bytes are copied
	pipeSize = 1 << 20     // wanted capacity, a quarter cheaper in CPU than 256 KiB; the kernel may grant less
	pipeIdle = time.Second // pipes that were not needed for that long are closed
)

// pipe holds bytes inside the kernel on their way from socket to socket.
type pipe struct{ r, w int }

func (p *pipe) close() {
	_ = unix.Close(p.r)
	_ = unix.Close(p.w)
}

// pipes is a bounded pool of empty pipes. The zero value is ready.
type pipes struct {
	mu     sync.Mutex
	free   []*pipe
	open   int
	spare  int // the fewest that were free since the last trim
	closed bool
}

// acquire returns an empty pipe, nil when none can be had now.
func (ps *pipes) acquire() *pipe {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if last := len(ps.free) - 1; last >= 0 {
		p := ps.free[last]
		ps.free = ps.free[:last]
		ps.spare = min(ps.spare, last)
		return p
	}
	ps.spare = 0
	if ps.open >= maxPipes {
		return nil
	}
	var fds [2]int
	if unix.Pipe2(fds[:], unix.O_CLOEXEC|unix.O_NONBLOCK) != nil {
		return nil // out of descriptors
	}
	ps.open++
	_, _ = unix.FcntlInt(uintptr(fds[1]), unix.F_SETPIPE_SZ, pipeSize) // refused above the user's share: smaller works too
	return &pipe{r: fds[0], w: fds[1]}
}

// release takes back an empty pipe.
func (ps *pipes) release(p *pipe) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.closed {
		ps.open--
		p.close()
		return
	}
	ps.free = append(ps.free, p)
}

// discard closes a pipe that may have bytes in it.
func (ps *pipes) discard(p *pipe) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	ps.open--
	p.close()
}

// trim closes the pipes that nobody needed since the last trim.
func (ps *pipes) trim() {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	unused := ps.free[:min(ps.spare, len(ps.free))]
	for _, p := range unused {
		p.close()
	}
	ps.open -= len(unused)
	ps.free = append(ps.free[:0], ps.free[len(unused):]...)
	ps.spare = len(ps.free)
}

// close closes all pipes; those in use when they are given back.
func (ps *pipes) close() {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	for _, p := range ps.free {
		p.close()
	}
	ps.open -= len(ps.free)
	ps.free, ps.closed = nil, true
}
