package conn

import (
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// link is a Splice from one raw peer to another.
type link struct {
	src, dst   *Conn
	from, into net.Conn
}

type linkMaker = func(testing.TB, *Sweeper) link

func tcpLink(t testing.TB, s *Sweeper) link {
	srcNear, from := tcpPair(t)
	dstNear, into := tcpPair(t)
	return link{src: New(srcNear, s), dst: New(dstNear, s), from: from, into: into}
}

func unixLink(t testing.TB, s *Sweeper) link {
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dial := func() (near, far net.Conn) {
		far, err := net.Dial("unix", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if near, err = l.Accept(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { near.Close(); far.Close() })
		return near, far
	}
	srcNear, from := dial()
	dstNear, into := dial()
	return link{src: New(srcNear, s), dst: New(dstNear, s), from: from, into: into}
}

func pipeLink(t testing.TB, s *Sweeper) link {
	srcNear, from := net.Pipe()
	dstNear, into := net.Pipe()
	return link{src: New(srcNear, s), dst: New(dstNear, s), from: from, into: into}
}

// send writes size random bytes in parts of random size, then closes; it returns their sum.
func send(w io.WriteCloser, size int64, seed uint64) [sha256.Size]byte {
	defer w.Close()
	r, h := rand.New(rand.NewPCG(seed, 1)), sha256.New()
	buf := make([]byte, 300<<10)
	for i := range buf {
		buf[i] = byte(r.Uint32())
	}
	for size > 0 {
		from := r.IntN(len(buf) - 1)
		piece := buf[from:]
		piece = piece[:min(int64(1+r.IntN(len(piece))), size)]
		h.Write(piece)
		if _, err := w.Write(piece); err != nil {
			break // the receiver's sum shows it
		}
		size -= int64(len(piece))
	}
	return [sha256.Size]byte(h.Sum(nil))
}

func testExact(t *testing.T, l link, size int64) {
	t.Helper()
	sums := make(chan [sha256.Size]byte, 1)
	go func() { sums <- send(l.from, size, uint64(size)) }()
	got := make(chan [sha256.Size]byte, 1)
	go func() {
		h := sha256.New()
		_, _ = io.Copy(h, l.into)
		got <- [sha256.Size]byte(h.Sum(nil))
	}()
	var heard int64
	n, err := Splice(l.dst, l.src, -1, func(n int64) { heard += n })
	if err != nil {
		t.Fatal(err)
	}
	_ = l.dst.Close()
	if n != size || heard != size || l.src.BytesRead() != size || l.dst.BytesWritten() != size {
		t.Errorf("got %d moved, %d heard, %d read, %d written; want %d", n, heard, l.src.BytesRead(), l.dst.BytesWritten(), size)
	}
	if <-got != <-sums {
		t.Error("the bytes differ")
	}
	if !l.src.SawEOF() {
		t.Error("the end was not remembered")
	}
	_ = l.src.Close()
}

func TestSpliceIsExact(t *testing.T) {
	s := newSweeper(t, time.Millisecond)
	r := rand.New(rand.NewPCG(7, 7))
	for name, connect := range map[string]linkMaker{"tcp": tcpLink, "unix": unixLink, "copied": pipeLink} {
		t.Run(name, func(t *testing.T) {
			for _, size := range []int64{0, 1, pieceLimit - 1, pieceLimit, pieceLimit + 1, r.Int64N(5 << 20), r.Int64N(100 << 10)} {
				testExact(t, connect(t, s), size)
			}
			testExact(t, connect(t, s), 64<<20)
		})
	}
}

// pieceLimit is a size around which off-by-one errors would show.
const pieceLimit = 256 << 10

func TestSpliceStopsAtN(t *testing.T) {
	s := newSweeper(t, time.Millisecond)
	for name, connect := range map[string]linkMaker{"tcp": tcpLink, "copied": pipeLink} {
		t.Run(name, func(t *testing.T) {
			l := connect(t, s)
			go func() { _, _ = l.from.Write([]byte("0123456789next")); _ = l.from.Close() }()
			got := readN(l.into, 10)
			if n, err := Splice(l.dst, l.src, 10, nil); n != 10 || err != nil {
				t.Fatalf("got %d, %v; want 10", n, err)
			}
			if b := <-got; b != "0123456789" {
				t.Errorf("got %q", b)
			}
			if n, err := Splice(l.dst, l.src, 0, nil); n != 0 || err != nil {
				t.Errorf("nothing to move: got %d, %v", n, err)
			}
			rest := readN(l.into, 4)
			n, err := Splice(l.dst, l.src, 9, nil)
			var se *SpliceError
			if n != 4 || !errors.Is(err, io.ErrUnexpectedEOF) || !errors.As(err, &se) || se.Writing {
				t.Errorf("cut short: got %d, %v; want 4 and io.ErrUnexpectedEOF of the source", n, err)
			}
			if b := <-rest; b != "next" {
				t.Errorf("got %q", b)
			}
		})
	}
}

func readN(r io.Reader, n int) <-chan string {
	c := make(chan string, 1)
	go func() {
		b := make([]byte, n)
		n, _ := io.ReadFull(r, b)
		c <- string(b[:n])
	}()
	return c
}

func TestSpliceTellsWhichSideFailed(t *testing.T) {
	s := newSweeper(t, time.Millisecond)
	for name, connect := range map[string]linkMaker{"tcp": tcpLink, "copied": pipeLink} {
		t.Run(name+" destination", func(t *testing.T) {
			l := connect(t, s)
			go func() { send(l.from, 64<<20, 1) }()
			go func() { _, _ = io.CopyN(io.Discard, l.into, 1<<20); _ = l.into.Close() }()
			_, err := Splice(l.dst, l.src, -1, nil)
			var se *SpliceError
			if !errors.As(err, &se) || !se.Writing {
				t.Errorf("got %v; want a failed destination", err)
			}
			_ = l.src.Close()
		})
		t.Run(name+" source", func(t *testing.T) {
			l := connect(t, s)
			go func() { _, _ = io.Copy(io.Discard, l.into) }()
			until := time.AfterFunc(0, func() { _ = l.src.Close() })
			defer until.Stop()
			_, err := Splice(l.dst, l.src, -1, nil)
			var se *SpliceError
			if !errors.As(err, &se) || se.Writing {
				t.Errorf("got %v; want a failed source", err)
			}
			_ = l.dst.Close()
		})
	}
}

// A transfer longer than the idle timeout lives while bytes move, and ends when they
// stop. The test moves the sweeper's clock itself.
func TestSpliceLivesWhileMoving(t *testing.T) {
	const idle = time.Second
	for name, connect := range map[string]linkMaker{"tcp": tcpLink, "unix": unixLink, "copied": pipeLink} {
		t.Run(name, func(t *testing.T) {
			s := stillSweeper(t)
			l := connect(t, s)
			pieces, ended := make(chan int64, 1), make(chan int64, 1)
			extend := func(n int64) {
				for _, c := range []*Conn{l.src, l.dst} {
					c.SetReadDeadlineIn(idle)
					c.SetWriteDeadlineIn(idle)
				}
				pieces <- n
			}
			echo := readN(l.into, 100)
			go func() {
				n, err := Splice(l.dst, l.src, -1, extend)
				if !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("got %v; want the idle timeout", err)
				}
				ended <- n
			}()
			now := time.Second
			for range 100 {
				if _, err := l.from.Write([]byte("x")); err != nil {
					t.Fatal(err)
				}
				<-pieces
				now += idle * 9 / 10
				s.sweep(now)
			}
			until(t, "waiting for more", l.src.in.busy)
			s.sweep(now + idle)
			if n := <-ended; n != 100 {
				t.Errorf("got %d bytes, want 100", n)
			}
			<-echo
			s.CloseAll()
		})
	}
}

// A peer that stops reading is cut by the write deadline, and the pipe with the rest
// of its bytes is not used again.
func TestSpliceCutsSlowReader(t *testing.T) {
	for name, connect := range map[string]linkMaker{"tcp": tcpLink, "unix": unixLink, "copied": pipeLink} {
		t.Run(name, func(t *testing.T) {
			s := stillSweeper(t)
			l := connect(t, s)
			go send(l.from, 256<<20, 1)
			ended := make(chan error, 1)
			extend := func(int64) { l.dst.SetWriteDeadlineIn(time.Second) }
			extend(0)
			go func() { _, err := Splice(l.dst, l.src, -1, extend); ended <- err }()
			var err error
			for now := time.Second; err == nil; now += time.Millisecond {
				select {
				case err = <-ended:
				default:
					s.sweep(now)
					runtime.Gosched()
				}
			}
			var se *SpliceError
			if !errors.As(err, &se) || !se.Writing || se.Err != os.ErrDeadlineExceeded {
				t.Errorf("got %v; want the write deadline", err)
			}
			s.CloseAll()
			testExact(t, connect(t, s), 1<<20)
		})
	}
}
