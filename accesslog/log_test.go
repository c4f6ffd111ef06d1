package accesslog

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// tape is a file in memory. Its next Writes fail with err, after cut bytes of one
// call, or wait for gate.
type tape struct {
	mu     sync.Mutex
	buf    bytes.Buffer
	writes int
	cut    int
	err    error
	gate   chan struct{}
}

func (f *tape) Write(p []byte) (int, error) {
	if f.gate != nil {
		<-f.gate
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.writes++
	if f.err != nil {
		n := min(f.cut, len(p))
		f.cut = 0
		f.buf.Write(p[:n])
		return n, f.err
	}
	return f.buf.Write(p)
}

func (f *tape) Close() error { return nil }

func (f *tape) lines() int { return strings.Count(f.buf.String(), "\n") }

// started returns a Log that writes to f.
func started(t *testing.T, o Options, f *tape) *Log {
	t.Helper()
	o.File = "memory"
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	l.open = func() (io.WriteCloser, error) { return f, nil }
	if err := l.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return l
}

func shutdown(t *testing.T, l *Log) {
	t.Helper()
	if err := l.Shutdown(context.Background()); err != nil {
		t.Errorf("shutdown: %v", err)
	}
}

func TestLinesAreWrittenInBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &tape{}
		l := started(t, Options{}, f)
		for range 50 {
			l.Write(journey())
		}
		<-time.After(DefaultFlush) // the bubble's clock: nothing waits
		synctest.Wait()
		if f.lines() != 50 || f.writes != 1 {
			t.Errorf("got %d lines in %d writes, want 50 in 1", f.lines(), f.writes)
		}
		l.Write(journey())
		shutdown(t, l)
		if f.lines() != 51 {
			t.Errorf("after shutdown: got %d lines, want 51", f.lines())
		}
		l.Write(journey())
		if got := l.Dropped(); got != 1 {
			t.Errorf("a line after shutdown: got %d dropped, want 1", got)
		}
	})
}

func TestHalfAQueueIsWrittenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &tape{}
		line := len(JSON.Append(nil, journey()))
		l := started(t, Options{Queue: 10 * line}, f)
		for range 6 {
			l.Write(journey())
		}
		synctest.Wait() // no time passes
		if f.lines() != 6 {
			t.Errorf("got %d lines before the flush was due, want 6", f.lines())
		}
		shutdown(t, l)
	})
}

func TestAStuckFileCostsLinesNotTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &tape{gate: make(chan struct{})}
		line := len(JSON.Append(nil, journey()))
		l := started(t, Options{Queue: 4 * line}, f)
		l.Write(journey())
		<-time.After(DefaultFlush)
		synctest.Wait() // the writer is stuck with one line now
		for range 7 {
			l.Write(journey())
		}
		if got := l.Dropped(); got != 3 {
			t.Errorf("got %d dropped, want 3: one is being written, 4 of 7 wait", got)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := l.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("shutdown over a stuck file: got %v, want the deadline", err)
		}
		close(f.gate)
		shutdown(t, l)
		if f.lines() != 5 {
			t.Errorf("got %d lines, want 5", f.lines())
		}
	})
}

func TestAWriteErrorIsLoggedOnceAndGetsBetter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &tape{err: errors.New("disk full")}
		var notes bytes.Buffer
		l := started(t, Options{Log: slog.New(slog.NewTextHandler(&notes, nil))}, f)
		line := JSON.Append(nil, journey())
		batch := func(n int) {
			for range n {
				l.Write(journey())
			}
			<-time.After(DefaultFlush)
			synctest.Wait()
		}
		f.cut = len(line) + 9
		batch(3) // one line and a piece of the second get through
		batch(2)
		if got := l.Dropped(); got != 4 {
			t.Errorf("got %d dropped, want 4", got)
		}
		if got := strings.Count(notes.String(), "level=ERROR"); got != 1 || !strings.Contains(notes.String(), "disk full") {
			t.Errorf("got %d errors logged, want 1 with the cause: %s", got, &notes)
		}
		f.err = nil
		batch(1)
		if want := string(line) + string(line[:9]) + "\n" + string(line); f.buf.String() != want {
			t.Errorf("got %q, want %q: the torn line ended before the next", f.buf.String(), want)
		}
		if !strings.Contains(notes.String(), "written again") {
			t.Errorf("the recovery is not logged: %s", &notes)
		}
		shutdown(t, l)
	})
}

func TestReopenFollowsARotation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "access.log")
	l, err := New(Options{File: path, Flush: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.Write(journey())
	if err := os.Rename(path, path+".1"); err != nil {
		t.Skipf("an open file cannot be renamed here: %v", err)
	}
	if err := l.Reopen(); err != nil {
		t.Fatal(err)
	}
	l.Write(journey())
	shutdown(t, l)
	old, _ := os.ReadFile(path + ".1")
	fresh, err := os.ReadFile(path)
	if err != nil || bytes.Count(old, []byte("\n"))+bytes.Count(fresh, []byte("\n")) != 2 || len(fresh) == 0 {
		t.Errorf("got %d bytes in the old file, %d in the new (%v), want two lines, at least one in the new", len(old), len(fresh), err)
	}
	os.RemoveAll(filepath.Dir(path))
	if err := l.Reopen(); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("reopen without a directory: got %v, want an error with the path", err)
	}
}

func TestAFileThatCannotBeOpenedStopsTheStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing", "access.log")
	l, err := New(Options{File: path})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Start(t.Context()); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v, want an error with the path", err)
	}
	shutdown(t, l)
}
