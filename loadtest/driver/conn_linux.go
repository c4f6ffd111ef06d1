package driver

import (
	"syscall"
	"time"
)

// state is what a connection is doing.
type state uint8

const (
	closed  state = iota // look opens it again
	opening              // the handshake is under way
	idle                 // it carries no request and is in loop.free
	busy                 // it waits for a response
)

// conn is one connection and the request that it carries.
type conn struct {
	fd       int
	state    state
	counts   bool          // the request is counted; false during the warm-up
	due      time.Duration // of the request
	sent     time.Duration
	out      []byte // the rest of the request, which is not written yet
	response response
	err      error // why it could not be opened
}

// request sends the next request over free connection i.
func (l *loop) request(i int, due time.Duration, counts bool) {
	c := &l.conns[i]
	c.state, c.due, c.counts, c.sent = busy, due, counts, l.now()
	c.out = l.o.Requests[int((l.next-1)%int64(len(l.o.Requests)))]
	c.response.reset()
	l.busy++
	l.write(i)
}

// write writes as much as the socket accepts; false means that the request has failed.
func (l *loop) write(i int) bool {
	c := &l.conns[i]
	n, err := syscall.Write(c.fd, c.out)
	if n > 0 {
		c.out = c.out[n:]
	}
	if err != nil && err != syscall.EAGAIN && err != syscall.EINTR {
		if err == syscall.EPIPE || err == syscall.ECONNRESET {
			c.out = nil // the response may have arrived before
			return true
		}
		l.lost(i, &l.r.Cut)
		return false
	}
	return true
}

// read reads and parses until the socket is empty, because the poller reports each arrival
// once. A short read means that it is empty, unless ended says that the peer has closed.
func (l *loop) read(i int, ended bool) {
	c := &l.conns[i]
	for {
		n, err := syscall.Read(c.fd, l.in)
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			return
		case err != nil || n == 0:
			l.ended(i, err == nil)
			return
		case c.state != busy: // bytes without a request
			l.drop(i)
			return
		}
		done, err := c.response.parse(l.in[:n])
		switch {
		case err != nil:
			l.lost(i, &l.r.Cut)
			return
		case done:
			c.response.closes = c.response.closes || ended
			l.finish(i)
			return
		case n < len(l.in) && !ended:
			return
		}
	}
}

// ended handles the end of a connection. whole means that the peer closed it without error.
func (l *loop) ended(i int, whole bool) {
	c := &l.conns[i]
	switch {
	case c.state != busy:
		l.drop(i)
	case whole && c.response.part == untilEnd:
		l.finish(i)
	default:
		l.lost(i, &l.r.Cut)
	}
}

// finish counts a complete response and makes the connection free for the next request.
func (l *loop) finish(i int) {
	c := &l.conns[i]
	now := l.now()
	l.busy--
	if c.counts {
		l.last = now
		l.count(&c.response, now-c.due)
	}
	if c.response.closes || len(c.out) > 0 {
		l.reopen(i)
		return
	}
	l.release(i, now)
}

func (l *loop) count(got *response, took time.Duration) {
	l.r.Status[got.status]++
	switch {
	case got.status < 400:
		l.r.Good.Record(took)
	case got.status == 503 || got.status == 429:
		l.r.Refused.Record(took)
		if got.retryAfter {
			l.r.RetryAfter++
		}
	default:
		l.r.Other.Record(took)
	}
}

// lost counts a request without a response in as, and opens its connection anew.
func (l *loop) lost(i int, as *int64) {
	c := &l.conns[i]
	l.busy--
	if c.counts {
		*as++
	}
	l.reopen(i)
}

// release puts connection i among the free ones.
func (l *loop) release(i int, now time.Duration) {
	l.conns[i].state = idle
	if l.free.count == 0 {
		l.freeSince = now
	}
	l.free.push(i)
}

// reopen closes busy connection i and opens it again.
func (l *loop) reopen(i int) {
	_ = syscall.Close(l.conns[i].fd) // takes it out of the poller
	l.open(i)
}

// drop closes free connection i after the peer has closed it. look opens it again, which
// bounds how often a connection that the peer refuses is opened.
func (l *loop) drop(i int) {
	l.free.remove(i)
	_ = syscall.Close(l.conns[i].fd)
	l.conns[i].state = closed
}

// open starts the handshake of connection i.
func (l *loop) open(i int) {
	c := &l.conns[i]
	c.state, c.out = closed, nil
	c.fd, c.err = dial(l.o.Address)
	if c.err == nil {
		c.state = opening
		if c.err = l.poll.add(c.fd, i); c.err == nil {
			return // the poller reports when it is open
		}
		_ = syscall.Close(c.fd)
		c.state = closed
	}
	l.r.Refusals++
}

// connected handles the end of a handshake and reports whether it succeeded.
func (l *loop) connected(i int) bool {
	c := &l.conns[i]
	code, err := syscall.GetsockoptInt(c.fd, syscall.SOL_SOCKET, syscall.SO_ERROR)
	if err == nil && code != 0 {
		err = syscall.Errno(code)
	}
	if c.err = err; err != nil {
		_ = syscall.Close(c.fd)
		c.state = closed
		l.r.Refusals++
		return false
	}
	l.opened++
	l.release(i, l.now())
	return true
}

func (l *loop) closeAll() {
	for i := range l.conns {
		if l.conns[i].state != closed {
			_ = syscall.Close(l.conns[i].fd)
		}
	}
}

// ring is a queue of the free connections. The one that has been free the longest is used
// first, so that all are used.
type ring struct {
	items       []int
	head, count int
}

func newRing(size int) ring { return ring{items: make([]int, size)} }

func (r *ring) push(i int) {
	r.items[(r.head+r.count)%len(r.items)] = i
	r.count++
}

func (r *ring) pop() int {
	i := r.items[r.head]
	r.head = (r.head + 1) % len(r.items)
	r.count--
	return i
}

// remove removes i from any position.
func (r *ring) remove(i int) {
	for range r.count {
		if j := r.pop(); j != i {
			r.push(j)
		}
	}
}
