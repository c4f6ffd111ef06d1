package conn

import (
	"io"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// option returns an option of c's socket.
func option(t *testing.T, c *Conn, level, name int) int {
	t.Helper()
	value := 0
	err := c.sys.Control(func(fd uintptr) {
		var failed error
		if value, failed = unix.GetsockoptInt(int(fd), level, name); failed != nil {
			t.Error(failed)
		}
	})
	if err != nil {
		t.Error(err)
	}
	return value
}

// writeUntilFull writes to c until it takes nothing for a second, and returns how much it took.
func writeUntilFull(t *testing.T, c net.Conn) (all int64) {
	t.Helper()
	_ = c.(*net.TCPConn).SetWriteBuffer(64 << 10)
	piece := make([]byte, 64<<10)
	for {
		_ = c.SetWriteDeadline(time.Now().Add(time.Second))
		n, err := c.Write(piece)
		all += int64(n)
		if err != nil {
			if !timedOut(err) {
				t.Error(err)
			}
			_ = c.SetWriteDeadline(time.Time{})
			return all
		}
	}
}

func TestTransferThatNobodyReadsTakesLittleOfTheSource(t *testing.T) {
	const size, most = 64 << 20, 1 << 20
	s := newSweeper(t, time.Millisecond)
	l := tcpLink(t, s)
	ended := make(chan error, 1)
	StartSmall(l.dst, l.src, size)
	go func() { _, err := Splice(l.dst, l.src, size, nil); ended <- err }()
	taken := writeUntilFull(t, l.from)
	if taken > most {
		t.Errorf("%d bytes of the source were taken, want at most %d", taken, most)
	}
	go func() { _, _ = io.CopyN(l.from, zeros{}, size-taken) }()
	if n, err := io.CopyN(io.Discard, l.into, size); err != nil {
		t.Errorf("the peer got %d bytes: %v", n, err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	unsent, lock := option(t, l.dst, unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT), option(t, l.src, unix.SOL_SOCKET, unix.SO_BUF_LOCK)
	if unsent != 0 || lock != 0 {
		t.Errorf("after it the buffers are still bounded: %d unsent, lock %d", unsent, lock)
	}
}

func TestBuffersAreBoundedOnceAndOnlyForLongTransfers(t *testing.T) {
	s := newSweeper(t, time.Millisecond)
	l := tcpLink(t, s)
	move := func(size int64) {
		go func() { _, _ = io.CopyN(l.from, zeros{}, size) }()
		go func() { _, _ = io.CopyN(io.Discard, l.into, size) }()
		StartSmall(l.dst, l.src, size)
		if _, err := Splice(l.dst, l.src, size, nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, one := range []struct {
		size int64
		want probation
	}{{provenBy, unrestricted}, {provenBy + 1, proven}, {2 * provenBy, proven}} {
		move(one.size)
		if l.dst.sends != one.want || l.src.receives != one.want {
			t.Errorf("after %d bytes: %d and %d, want %d", one.size, l.dst.sends, l.src.receives, one.want)
		}
	}
}

// zeros are endless.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }
