//go:build !race

package accesslog

import "testing"

func TestAppendAllocatesNothing(t *testing.T) {
	e, buf := journey(), make([]byte, 0, 4096)
	for _, f := range []Format{JSON, Text} {
		if got := testing.AllocsPerRun(100, func() { buf = f.Append(buf[:0], e) }); got != 0 {
			t.Errorf("format %d: got %v allocations per line, want 0", f, got)
		}
	}
}

func TestWriteAllocatesNothing(t *testing.T) {
	l, e := discarding(t), journey()
	for range 20_000 {
		l.Write(e) // both halves of the double buffer grow to their size
	}
	if got := testing.AllocsPerRun(1000, func() { l.Write(e) }); got != 0 {
		t.Errorf("got %v allocations per line, want 0", got)
	}
	shutdown(t, l)
}
