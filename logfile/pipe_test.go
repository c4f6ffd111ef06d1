//go:build unix

package logfile

import (
	"bufio"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// fifo makes a named pipe.
func fifo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A start that waits for the reader of a pipe would end this test by its timeout.
func TestAPipeWithoutReaderDelaysNothing(t *testing.T) {
	path := fifo(t)
	q := New(Options{Name: path, Title: "test log"})
	if err := q.Start(); err != nil {
		t.Fatal(err)
	}
	put(q, 1)
	until(t, "the line is dropped", func() bool { return q.Dropped() == 1 })
	if err := q.Reopen(); err != nil {
		t.Errorf("reopen: %v", err)
	}
	for range 2 { // a reader that comes, and another one after it
		reader, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
		if err != nil {
			t.Fatal(err)
		}
		put(q, 1)
		if err := reader.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		got := ""
		for got == "" { // before the writer has opened it, a read finds the end
			got, err = bufio.NewReader(reader).ReadString('\n')
		}
		if got != line {
			t.Errorf("got %q, error %v; want the line", got, err)
		}
		if err := reader.Close(); err != nil {
			t.Fatal(err)
		}
		lost := q.Dropped()
		put(q, 1)
		until(t, "a line without reader is dropped", func() bool { return q.Dropped() == lost+1 })
	}
	shutdown(t, q)
}

func TestAPipeWhoseReaderIsStuckIsLeftAtTheDeadline(t *testing.T) {
	path := fifo(t)
	reader, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	q := New(Options{Name: path, Title: "test log", Size: 4 << 20})
	if err := q.Start(); err != nil {
		t.Fatal(err)
	}
	put(q, (2<<20)/len(line)) // more than any pipe takes
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := q.Shutdown(ctx); err == nil {
		t.Error("shutdown got nil, want the deadline")
	}
}

// until yields until the condition holds.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !holds(); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("after 20 s not yet: %s", what)
		}
	}
}
