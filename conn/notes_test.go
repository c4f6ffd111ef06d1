package conn

import (
	"net"
	"testing"
)

func TestSinceLine(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	s := NewSweeper(0)
	c := New(near, s)
	defer c.Close()
	buf := make([]byte, 64)
	for _, step := range []struct {
		watch bool
		sent  string
		want  int64
	}{
		{false, "abc", 0},
		{true, "GET /", 5},
		{true, "xx", 7},
		{true, "y\nHost", 4},
		{true, "\r\n\r\n", 0},
		{true, "tail", 4},
		{false, "more", 4},
	} {
		c.WatchLines(step.watch)
		go func() { _, _ = far.Write([]byte(step.sent)) }()
		if _, err := c.Read(buf); err != nil {
			t.Fatal(err)
		}
		if got := c.SinceLine(); got != step.want {
			t.Errorf("after %q: got %d, want %d", step.sent, got, step.want)
		}
	}
}
