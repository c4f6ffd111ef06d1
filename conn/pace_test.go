package conn

import (
	"errors"
	"io"
	"net"
	"runtime"
	"testing"
	"time"
)

// stuck returns a connection in which a write of size bytes waits for the peer, and what the
// write will return.
func stuck(t *testing.T, size int) (c *Conn, peer net.Conn, s *Sweeper, ended <-chan error) {
	t.Helper()
	s = stillSweeper(t)
	near, far := tcpPair(t)
	c = New(near, s)
	return c, far, s, writing(t, c, size)
}

// writing begins a write of size bytes on c.
func writing(t *testing.T, c *Conn, size int) <-chan error {
	t.Helper()
	ended := make(chan error, 1)
	go func() { _, err := c.Write(make([]byte, size)); ended <- err }()
	until(t, "the write begins", c.out.busy)
	return ended
}

// sweeps makes n rounds and reports whether the connection was aborted in one of them.
func sweeps(s *Sweeper, c *Conn, n int) bool {
	for range n {
		s.sweep(time.Duration(s.now.Load()) + s.tick)
		if c.pace.ended.Load() != nil {
			return true
		}
	}
	return false
}

// The still sweeper ticks each millisecond of its own clock.
const perSecond = 1000

func TestWriteThatWaitsTooLongIsAborted(t *testing.T) {
	c, peer, s, ended := stuck(t, 64<<20)
	c.SetMinRate(1<<50, time.Second) // bytes are worth no time
	if sweeps(s, c, perSecond-1) {
		t.Fatal("aborted within its grace")
	}
	if !sweeps(s, c, 2) {
		t.Fatal("not aborted after its grace")
	}
	if err := <-ended; err != ErrTooSlow {
		t.Errorf("the write returned %v, want ErrTooSlow", err)
	}
	if _, err := io.Copy(io.Discard, peer); err == nil {
		t.Error("the peer saw an ordinary end")
	}
	c.SetWriteDeadlineIn(-1)
	if _, err := c.Write([]byte("x")); err != ErrTooSlow {
		t.Errorf("past the deadline a write returns %v, want ErrTooSlow", err)
	}
}

func TestTimeWithoutAWriteDoesNotCount(t *testing.T) {
	s := stillSweeper(t)
	near, far := tcpPair(t)
	c := New(near, s)
	c.SetMinRate(1<<50, time.Second)
	for range 10 {
		if sweeps(s, c, perSecond) {
			t.Fatal("aborted, although nothing waits")
		}
		if _, err := c.Write([]byte("event")); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(far, make([]byte, 5)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWriteWithoutARateIsNotJudged(t *testing.T) {
	c, _, s, _ := stuck(t, 64<<20)
	if sweeps(s, c, 5*perSecond) {
		t.Error("aborted without a rate")
	}
	c.SetMinRate(1<<50, time.Second)
	c.SetMinRate(0, 0)
	if sweeps(s, c, 5*perSecond) {
		t.Error("aborted after the end of the bound")
	}
}

// The bytes that the peer takes buy time, and only those that came after SetMinRate.
func TestTakenBytesAreWorthTime(t *testing.T) {
	s := stillSweeper(t)
	near, far := tcpPair(t)
	c := New(near, s)
	c.SetMinRate(1000, time.Second)
	if _, err := c.Write(make([]byte, 10_000)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(far, make([]byte, 10_000)); err != nil {
		t.Fatal(err)
	}
	until(t, "the peer's kernel confirms", func() bool { return unsent(c.sys) == 0 })
	c.out.calls.Add(oneCall) // a write that waits, and of which the peer takes nothing
	if sweeps(s, c, 11*perSecond-1) {
		t.Fatal("aborted within the time that 10000 bytes are worth")
	}
	c.SetMinRate(1000, time.Second) // of a second response
	if sweeps(s, c, perSecond-1) || !sweeps(s, c, 2) {
		t.Error("the second response was not aborted after its grace")
	}
}

// Bytes in our kernel's send buffer are not taken, and those of an earlier response do not
// count against the next.
func TestBytesInTheKernelAreNotTaken(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux reports the bytes in its send buffer")
	}
	s := stillSweeper(t)
	near, _ := tcpPair(t)
	c := New(near, s)
	c.SetMinRate(1000, time.Second)
	c.SetWriteDeadlineIn(time.Millisecond)
	ended := writing(t, c, 64<<20)
	for now := time.Second; len(ended) == 0; now += time.Millisecond {
		s.now.Store(int64(now))
		c.fire(&c.out)
		runtime.Gosched()
	}
	kept := unsent(c.sys)
	if kept == 0 {
		t.Fatal("the send buffer is empty")
	}
	c.out.calls.Add(oneCall) // waits
	sweeps(s, c, perSecond)
	taken := c.BytesWritten() - kept
	if want := time.Second + time.Duration(taken)*time.Millisecond; c.pace.due.Round(time.Millisecond) != want {
		t.Errorf("%d bytes taken, %d kept: may wait for %v, want %v", taken, kept, c.pace.due, want)
	}
	c.SetMinRate(1000, 2*time.Second)
	if sweeps(s, c, perSecond); c.pace.from != taken {
		t.Errorf("the next response begins after %d bytes, want %d", c.pace.from, taken)
	}
}

func TestSpliceThatIsTooSlowIsAborted(t *testing.T) {
	for name, connect := range map[string]linkMaker{"tcp": tcpLink, "unix": unixLink, "copied": pipeLink} {
		t.Run(name, func(t *testing.T) {
			s := stillSweeper(t)
			l := connect(t, s)
			go send(l.from, 256<<20, 1)
			l.dst.SetMinRate(1<<50, time.Second)
			ended := make(chan error, 1)
			go func() { _, err := Splice(l.dst, l.src, -1, nil); ended <- err }()
			for len(ended) == 0 {
				sweeps(s, l.dst, 1)
				runtime.Gosched()
			}
			if err := <-ended; !errors.Is(err, ErrTooSlow) {
				t.Errorf("got %v, want ErrTooSlow", err)
			}
		})
	}
}

func TestTLSWriteThatWaitsTooLongIsAborted(t *testing.T) {
	s := stillSweeper(t)
	c, _ := tlsPair(t, s, 0)
	ended := writing(t, c, 64<<20)
	c.SetMinRate(1<<50, time.Second)
	if !sweeps(s, c, 2*perSecond) {
		t.Fatal("not aborted")
	}
	if err := <-ended; err != ErrTooSlow {
		t.Errorf("got %v, want ErrTooSlow", err)
	}
}
