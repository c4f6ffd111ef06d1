package conn

import (
	"io"
	"net"
	"testing"
	"time"
)

// benchmarkRequest is what a server does with a connection for one request: deadlines
// changed four times, one Read, one Write.
func benchmarkRequest(b *testing.B, c net.Conn, peer net.Conn, deadlines bool) {
	buf := make([]byte, 256)
	go func() {
		echo := make([]byte, len(buf))
		for {
			if _, err := io.ReadFull(peer, echo); err != nil {
				return
			}
			if _, err := peer.Write(echo); err != nil {
				return
			}
		}
	}()
	at := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		if deadlines {
			_ = c.SetWriteDeadline(at.Add(time.Hour))
		}
		_, _ = c.Write(buf)
		if deadlines {
			_ = c.SetWriteDeadline(time.Time{})
			_ = c.SetReadDeadline(at.Add(time.Hour))
		}
		_, _ = io.ReadFull(c, buf)
		if deadlines {
			_ = c.SetReadDeadline(time.Time{})
		}
	}
}

func BenchmarkRequest(b *testing.B) {
	for _, deadlines := range []bool{false, true} {
		name := map[bool]string{false: "bare", true: "deadlines"}[deadlines]
		b.Run("raw/"+name, func(b *testing.B) {
			near, far := tcpPair(b)
			benchmarkRequest(b, near, far, deadlines)
		})
		b.Run("conn/"+name, func(b *testing.B) {
			c, far := pair(b)
			benchmarkRequest(b, c, far, deadlines)
		})
	}
}

func BenchmarkDeadline(b *testing.B) {
	later := time.Now().Add(time.Hour)
	b.Run("raw", func(b *testing.B) {
		near, _ := tcpPair(b)
		for b.Loop() {
			_ = near.SetReadDeadline(later)
			_ = near.SetReadDeadline(time.Time{})
		}
	})
	b.Run("conn", func(b *testing.B) {
		c, _ := pair(b)
		b.ReportAllocs()
		for b.Loop() {
			_ = c.SetReadDeadline(later)
			_ = c.SetReadDeadline(time.Time{})
		}
	})
	b.Run("coarse", func(b *testing.B) {
		c, _ := pair(b)
		b.ReportAllocs()
		for b.Loop() {
			c.SetReadDeadlineIn(time.Hour)
			c.SetReadDeadlineIn(0)
		}
	})
}

func BenchmarkAlive(b *testing.B) {
	c, _ := pair(b)
	b.ReportAllocs()
	for b.Loop() {
		if !c.Alive() {
			b.Fatal("dead")
		}
	}
}

// BenchmarkSweep looks at 16,000 connections, all with deadlines to come.
func BenchmarkSweep(b *testing.B) {
	s := NewSweeper(time.Hour)
	for range 16000 {
		c := New(idle{}, s)
		c.SetReadDeadlineIn(1000 * time.Hour)
		c.in.calls.Add(oneCall)
	}
	b.ReportAllocs()
	for b.Loop() {
		s.sweep(2 * time.Second)
	}
}

func BenchmarkRegister(b *testing.B) {
	s := NewSweeper(time.Hour)
	for range 16000 {
		New(idle{}, s)
	}
	b.ReportAllocs()
	for b.Loop() {
		_ = New(idle{}, s).Close()
	}
}

func BenchmarkSplice(b *testing.B) {
	for name, secure := range map[string]bool{"kernel": false, "copied": true} {
		b.Run(name, func(b *testing.B) {
			s := newSweeper(b, 0)
			l := tcpLink(b, s)
			l.src.secure = secure // only to take the other path
			const size = 1 << 20
			go func() {
				for p := make([]byte, size); ; {
					if _, err := l.from.Write(p); err != nil {
						return
					}
				}
			}()
			go func() { _, _ = io.Copy(io.Discard, l.into) }()
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Splice(l.dst, l.src, size, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
