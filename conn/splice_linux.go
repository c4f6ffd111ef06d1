package conn

import (
	"io"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

const spliceFlags = unix.SPLICE_F_MOVE | unix.SPLICE_F_NONBLOCK

// mover is one transfer by splice(2). It is pooled because its callbacks are bound to it.
type mover struct {
	dst, src    *Conn
	pipe        *pipe // held only while it has bytes, so that a waiting transfer costs no descriptor
	want        int
	got         int
	err         error
	noPipe      bool // bytes wait, but every pipe is in use
	fill, drain func(fd uintptr) bool
}

var movers = sync.Pool{New: func() any {
	m := new(mover)
	m.fill, m.drain = m.fromSource, m.toDestination
	return m
}}

// spliceSockets is Splice through pipes. False means that this kernel or these
// sockets cannot; nothing is lost then and the rest has to be copied.
func spliceSockets(dst, src *Conn, n int64, moved func(int64)) (done int64, err error, ok bool) {
	m := movers.Get().(*mover)
	m.dst, m.src = dst, src
	defer m.release()
	for n < 0 || done < n {
		m.want = pipeSize
		if n > 0 {
			m.want = int(min(pipeSize, n-done))
		}
		err := m.read()
		if err == unix.EINVAL || err == unix.ENOSYS || err == unix.EOPNOTSUPP {
			return done, nil, false
		}
		if err != nil {
			return done, &SpliceError{Err: err}, true
		}
		if m.noPipe {
			w, eof, err := copyPiece(dst, src, m.want, moved)
			done += w
			if err != nil || eof {
				return done, endOf(n-done, err), true
			}
			continue
		}
		if m.got == 0 {
			src.sawEOF.Store(true)
			return done, endOf(n-done, nil), true
		}
		w, err := m.write(moved)
		done += w
		if err != nil {
			return done, &SpliceError{Writing: true, Err: err}, true
		}
		grow(dst, src, done)
	}
	return done, nil, true
}

// release gives back what the transfer held. A pipe that still has bytes is never used again.
func (m *mover) release() {
	if m.pipe != nil {
		m.src.sweeper.pipes.discard(m.pipe)
	}
	m.dst, m.src, m.pipe, m.err = nil, nil, nil, nil
	movers.Put(m)
}

// read waits for the source and fills a pipe. got is 0 at the end of the stream.
func (m *mover) read() error {
	c := m.src
	if !c.begin(&c.in) {
		return os.ErrDeadlineExceeded
	}
	m.got, m.err, m.noPipe = 0, nil, false
	err := c.sys.Read(m.fill)
	for timedOut(err) && c.resume(&c.in) {
		err = c.sys.Read(m.fill)
	}
	c.in.leave(m.got)
	if err != nil {
		return plain(err)
	}
	return m.err
}

// fromSource runs when the source may be readable. False makes it wait.
func (m *mover) fromSource(fd uintptr) bool {
	pipes := &m.src.sweeper.pipes
	p := pipes.acquire()
	if p == nil {
		m.noPipe = true
		return true
	}
	n, err := spliceOnce(int(fd), p.w, m.want)
	if n > 0 {
		m.pipe, m.got = p, n
		return true
	}
	pipes.release(p)
	m.err = err
	if err == unix.EAGAIN {
		m.err = nil
		return false
	}
	return true
}

// write empties the pipe into the destination.
func (m *mover) write(moved func(int64)) (done int64, err error) {
	c := m.dst
	for left := m.got; left > 0; {
		if !c.begin(&c.out) {
			return done, os.ErrDeadlineExceeded
		}
		m.want, m.got, m.err = left, 0, nil
		err := c.sys.Write(m.drain)
		for timedOut(err) && c.resume(&c.out) {
			err = c.sys.Write(m.drain)
		}
		if c.out.outOfTime(err) && m.drainNow() {
			err = nil
		}
		c.out.leave(m.got)
		switch {
		case err != nil:
			return done, c.pace.failed(err)
		case m.err != nil:
			return done, m.err
		case m.got == 0:
			return done, io.ErrShortWrite
		}
		left -= m.got
		done += int64(m.got)
		if left == 0 {
			m.src.sweeper.pipes.release(m.pipe)
			m.pipe = nil
		}
		moved(int64(m.got))
	}
	return done, nil
}

// drainNow writes what there is room for and does not wait, see Conn.Write. False means that
// there is none.
func (m *mover) drainNow() bool {
	moved := false
	_ = m.dst.sys.Control(func(fd uintptr) { moved = m.toDestination(fd) }) // closed: nothing moves
	return moved
}

// toDestination runs when the destination may be writable. False makes it wait.
func (m *mover) toDestination(fd uintptr) bool {
	m.got, m.err = spliceOnce(m.pipe.r, int(fd), m.want)
	if m.err == unix.EAGAIN {
		m.got, m.err = 0, nil
		return false
	}
	return true
}

// spliceOnce is splice(2) without interruptions. n is never negative.
func spliceOnce(from, to, limit int) (n int, err error) {
	for {
		n, err := unix.Splice(from, nil, to, nil, limit, spliceFlags)
		if err == unix.EINTR {
			continue
		}
		return int(max(n, 0)), err
	}
}
