package compare

import (
	"context"
	"net"
	"slices"
	"strings"
	"testing"
)

// TestEndReachesGrandchildren: the shell ends well when it is asked to, and only then
// without complaint about its output when its own child is gone too.
func TestEndReachesGrandchildren(t *testing.T) {
	c, err := begin("/bin/sh", nil, "-c", `trap "exit 0" TERM; sleep 1000 & echo here; wait`)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.await(t.Context(), func() error {
		if !strings.Contains(c.output.String(), "here") {
			return context.DeadlineExceeded
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := c.end(); err != nil || c.err != nil {
		t.Errorf("%v; it ended with %v", err, c.err)
	}
}

func TestWhatEndsByItselfIsTold(t *testing.T) {
	c, err := begin("/bin/sh", nil, "-c", "echo its last words; exit 3")
	if err != nil {
		t.Fatal(err)
	}
	err = c.await(t.Context(), func() error { return context.DeadlineExceeded })
	if err == nil || !strings.Contains(err.Error(), "its last words") {
		t.Errorf("got %v", err)
	}
	if err := c.end(); err != nil {
		t.Error(err)
	}
}

func TestFreeAddressesAreDistinctAndFree(t *testing.T) {
	first, err := freeAddresses(1)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", first[0])
	if err != nil {
		t.Skipf("somebody else took it: %v", err)
	}
	defer ln.Close()
	all, err := freeAddresses(20)
	if err != nil || len(all) != 20 {
		t.Fatalf("%d, %v", len(all), err)
	}
	slices.Sort(all)
	if len(slices.Compact(all)) != 20 || slices.Contains(all, first[0]) {
		t.Errorf("%s is taken, got %v", first[0], all)
	}
}
