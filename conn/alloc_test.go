//go:build !race

package conn

import (
	"io"
	"testing"
	"time"
)

func TestHotPathDoesNotAllocate(t *testing.T) {
	c, peer := pair(t)
	go func() { _, _ = io.Copy(peer, peer) }()
	buf := make([]byte, 64)
	soon := time.Now().Add(time.Hour)
	past := time.Unix(1, 0)
	l := tcpLink(t, c.sweeper)
	var total int64
	moved := func(n int64) { total += n }
	for _, tc := range []struct {
		name string
		f    func()
	}{
		{"Write and Read", func() {
			_, _ = c.Write(buf)
			_, _ = io.ReadFull(c, buf)
		}},
		{"Ask and Read", func() {
			_, _ = c.Ask(buf)
			_, _ = io.ReadFull(c, buf)
		}},
		{"deadlines", func() {
			_ = c.SetReadDeadline(soon)
			_ = c.SetWriteDeadline(soon)
			_ = c.SetReadDeadline(past)
			_, _ = c.Read(buf)
			c.SetReadDeadlineIn(time.Second)
			_ = c.SetDeadline(time.Time{})
		}},
		{"a look at what the peer has taken", func() { _ = c.Pace().taken() }},
		{"Alive", func() { _ = c.Alive() }},
		{"Splice", func() {
			_, _ = l.from.Write(buf)
			_, _ = Splice(l.dst, l.src, int64(len(buf)), moved)
			_, _ = io.ReadFull(l.into, buf)
		}},
	} {
		if got := testing.AllocsPerRun(200, tc.f); got != 0 {
			t.Errorf("%s: got %v allocations, want 0", tc.name, got)
		}
	}
}
