package program

import (
	"context"
	"net"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestEndReachesGrandchildren: the shell exits without error on SIGTERM. Wait then returns no
// error only if the child of the shell, which holds the same output, has ended too.
func TestEndReachesGrandchildren(t *testing.T) {
	c, err := Start(Options{Binary: "/bin/sh", Args: []string{"-c", `trap "exit 0" TERM; sleep 1000 & echo here; wait`}})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Await(t.Context(), func() error {
		if !strings.Contains(c.Output(), "here") {
			return context.DeadlineExceeded
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := c.End(5 * time.Second); err != nil || c.Err() != nil {
		t.Errorf("%v; it ended with %v", err, c.Err())
	}
}

func TestWhatEndsByItselfIsTold(t *testing.T) {
	c, err := Start(Options{Binary: "/bin/sh", Args: []string{"-c", "echo its last words; exit 3"}})
	if err != nil {
		t.Fatal(err)
	}
	err = c.Await(t.Context(), func() error { return context.DeadlineExceeded })
	if err == nil || !strings.Contains(err.Error(), "its last words") {
		t.Errorf("got %v", err)
	}
	if err := c.End(5 * time.Second); err != nil {
		t.Error(err)
	}
}

func TestFreeAddressesAreDistinctAndFree(t *testing.T) {
	first, err := FreeAddresses(1)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", first[0])
	if err != nil {
		t.Skipf("somebody else took it: %v", err)
	}
	defer ln.Close()
	all, err := FreeAddresses(20)
	if err != nil || len(all) != 20 {
		t.Fatalf("%d, %v", len(all), err)
	}
	slices.Sort(all)
	if len(slices.Compact(all)) != 20 || slices.Contains(all, first[0]) {
		t.Errorf("%s is taken, got %v", first[0], all)
	}
}

func TestOutputIsKeptFromItsBeginning(t *testing.T) {
	var out strings.Builder
	c, err := Start(Options{
		Binary: "/bin/sh", Args: []string{"-c", `cat; echo "$WORD"; echo first >&2; head -c 300000 /dev/zero >&2`},
		Env: []string{"WORD=told", "PATH=/usr/bin:/bin"}, In: strings.NewReader("read "), Out: &out,
	})
	if err != nil {
		t.Fatal(err)
	}
	<-c.Ended()
	if kept := c.Output(); c.Err() != nil || out.String() != "read told\n" || !strings.HasPrefix(kept, "first\n") || len(kept) != maxKeptOutput {
		t.Errorf("%v: out %q, kept %d bytes, first %.10q", c.Err(), out.String(), len(kept), kept)
	}
}

// A program that does not want to end is killed.
func TestPatienceEnds(t *testing.T) {
	c, err := Start(Options{Binary: "/bin/sh", Args: []string{"-c", `trap "" TERM; echo here; while :; do sleep 1000; done`}})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Await(t.Context(), func() error {
		if c.Output() == "" {
			return context.DeadlineExceeded
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := c.End(time.Millisecond); err != nil || c.Err() == nil {
		t.Errorf("%v; it ended with %v, want that it was killed", err, c.Err())
	}
}
