//go:build !race

package downstream

import (
	"testing"

	"penstock/exchange"
)

// The race detector allocates, so this file has a build tag.

func TestReadingAllocatesNothing(t *testing.T) {
	h := headOf("GET http://a.example/%61/b?c=d HTTP/1.1\r\nHost: a.example\r\nAccept: */*\r\nX-User: 1\r\n\r\n")
	r, reserved := new(Request), [][]byte{[]byte("X-User")}
	once := func() {
		r.Reset(1024)
		if why := read(r, h); why != exchange.NoReason {
			t.Fatal(why)
		}
		r.Reserve(reserved)
	}
	once()
	if n := testing.AllocsPerRun(500, once); n != 0 {
		t.Errorf("got %v allocations, want 0", n)
	}
}
