package conn

import (
	"io"
	"net"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// crumb is so little of a full send buffer that the poller does not wake the writer for it.
const crumb = 64 << 10

// unixPair returns both ends of a connection in which each read of the peer makes room at
// once; TCP peers tell of it only when it is worth it.
func unixPair(t *testing.T) (near, far net.Conn) {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if far, err = net.Dial("unix", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if near, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { near.Close(); far.Close() })
	return near, far
}

// full reports whether the send buffer of c, a unix socket, has no room.
func full(t *testing.T, c *Conn) bool {
	t.Helper()
	var queued, size int
	err := c.sys.Control(func(fd uintptr) {
		var failed error
		if queued, failed = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ); failed != nil {
			t.Fatal(failed)
		}
		if size, failed = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_SNDBUF); failed != nil {
			t.Fatal(failed)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return queued >= size
}

// fullBuffers has an element for each time that a write on c finds the send buffer full.
func fullBuffers(c *Conn) <-chan struct{} {
	full := make(chan struct{}, 100)
	send := c.calls.out.run
	c.calls.out.run = func(fd uintptr) bool {
		sent := send(fd)
		if !sent {
			full <- struct{}{}
		}
		return sent
	}
	return full
}

// The write begins when the send buffer is full already, as the next piece of a body does.
func TestPeerThatTakesLittleIsNotIdle(t *testing.T) {
	const idle = time.Second
	s := stillSweeper(t)
	near, far := unixPair(t)
	c := New(near, s)
	waits := fullBuffers(c)
	write := func(size int) (ended chan error) {
		ended = make(chan error, 1)
		go func() { _, err := c.WriteMoving(make([]byte, size), idle); ended <- err }()
		<-waits // the buffer is full
		return ended
	}
	later := func() { s.sweep(time.Duration(s.now.Load()) + idle + 2*s.tick) }
	full := write(64 << 20)
	later()
	<-waits
	later()
	if err := <-full; !timedOut(err) {
		t.Fatalf("got %v of a peer that takes nothing", err)
	}
	ended := write(3 * crumb)
	for range 2 {
		if _, err := io.ReadFull(far, make([]byte, crumb)); err != nil {
			t.Fatal(err)
		}
		later()
		select {
		case <-waits:
		case err := <-ended:
			t.Fatalf("got %v of a peer that takes something in every idle period", err)
		}
	}
	go func() { _, _ = io.Copy(io.Discard, far) }()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// The peer takes little in each idle period of a splice. Where the splice had not begun to wait
// before that, it moves bytes into the room at once, and then nothing is taken in its last idle
// period: it ends rightly, and the test with it.
func TestPeerThatTakesLittleOfASpliceIsNotIdle(t *testing.T) {
	const idle = time.Second
	s := stillSweeper(t)
	l := unixLink(t, s)
	go send(l.from, 64<<20, 1)
	var moved atomic.Int64
	ended := make(chan error, 1)
	go func() {
		extend := func(n int64) {
			moved.Add(n)
			l.dst.SetWriteDeadlineIn(idle)
		}
		extend(0)
		_, err := Splice(l.dst, l.src, -1, extend)
		ended <- err
	}()
	for round := range 20 {
		until(t, "a write waits", func() bool { return l.dst.out.busy() && !s.past(l.dst.out.deadline.Load()) || len(ended) > 0 })
		writes, before := l.dst.out.count(), moved.Load()
		for again := true; again; again = full(t, l.dst) { // a part of a buffer of the kernel makes no room
			if _, err := io.ReadFull(l.into, make([]byte, 4<<10)); err != nil {
				t.Fatal(err)
			}
		}
		s.sweep(time.Duration(s.now.Load()) + idle + 2*s.tick)
		until(t, "the next write begins", func() bool { return l.dst.out.count() > writes || len(ended) > 0 })
		select {
		case err := <-ended:
			if moved.Load() == before {
				t.Fatalf("round %d: the write ended with %v, although the peer takes something in every idle period", round, err)
			}
			return
		default:
		}
	}
}

// A write that was ended on purpose sends nothing more, although there is room.
func TestWriteThatIsEndedOnPurposeSendsNoMore(t *testing.T) {
	near, far := unixPair(t)
	c := New(near, stillSweeper(t))
	full := fullBuffers(c)
	for _, room := range []int{0, crumb} {
		_ = c.SetWriteDeadline(time.Time{})
		ended := make(chan error, 1)
		go func() { _, err := c.Write(make([]byte, 64<<20)); ended <- err }()
		<-full
		sent := c.BytesWritten()
		if _, err := io.ReadFull(far, make([]byte, room)); err != nil {
			t.Fatal(err)
		}
		_ = c.SetWriteDeadline(longAgo)
		if err := <-ended; !timedOut(err) || room > 0 && c.BytesWritten() != sent {
			t.Errorf("got %v, and %d bytes more", err, c.BytesWritten()-sent)
		}
	}
}
