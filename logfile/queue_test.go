package logfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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

func (f *tape) lines() int { return strings.Count(f.buf.String(), "\n") }

// line is what the tests write.
const line = "a line of the log\n"

// flush is how long a line waits for others in tests.
const flush = 100 * time.Millisecond

// started returns a Queue that writes to f.
func started(t *testing.T, o Options, f *tape) *Queue {
	t.Helper()
	o.Name, o.Title, o.Out, o.Flush = "memory", "test log", f, flush
	q := New(o)
	if err := q.Start(); err != nil {
		t.Fatal(err)
	}
	return q
}

// put writes n lines.
func put(q *Queue, n int) {
	for range n {
		_, _ = q.Write([]byte(line))
	}
}

// pass lets d of the bubble's clock go by, and everything that it brings about.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func shutdown(t *testing.T, q *Queue) {
	t.Helper()
	if err := q.Shutdown(context.Background()); err != nil {
		t.Errorf("shutdown: %v", err)
	}
}

func TestLinesAreWrittenInBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &tape{}
		q := started(t, Options{}, f)
		put(q, 50)
		pass(flush)
		if f.lines() != 50 || f.writes != 1 {
			t.Errorf("got %d lines in %d writes, want 50 in 1", f.lines(), f.writes)
		}
		put(q, 1)
		shutdown(t, q)
		if f.lines() != 51 {
			t.Errorf("after shutdown: got %d lines, want 51", f.lines())
		}
		put(q, 1)
		if got := q.Dropped(); got != 1 {
			t.Errorf("a line after shutdown: got %d dropped, want 1", got)
		}
	})
}

func TestHalfAQueueIsWrittenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &tape{}
		q := started(t, Options{Size: 10 * len(line)}, f)
		put(q, 6)
		synctest.Wait() // no time passes
		if f.lines() != 6 {
			t.Errorf("got %d lines before the flush was due, want 6", f.lines())
		}
		shutdown(t, q)
	})
}

func TestLinesFromBeforeTheStartAreWritten(t *testing.T) {
	f := &tape{}
	q := New(Options{Name: "memory", Out: f})
	put(q, 3)
	if err := q.Start(); err != nil {
		t.Fatal(err)
	}
	shutdown(t, q)
	if f.lines() != 3 {
		t.Errorf("got %d lines, want 3", f.lines())
	}
}

func TestLinesThatAShutdownWithoutStartDropsAreCounted(t *testing.T) {
	f := &tape{}
	q := New(Options{Name: "memory", Out: f})
	put(q, 3)
	shutdown(t, q)
	put(q, 1)
	shutdown(t, q)
	if err := q.Start(); err != nil {
		t.Errorf("start after the shutdown: %v", err)
	}
	if f.lines() != 0 || q.Dropped() != 4 {
		t.Errorf("got %d lines and %d dropped, want 0 and 4", f.lines(), q.Dropped())
	}
}

func TestAStuckFileCostsLinesNotTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &tape{gate: make(chan struct{})}
		var notes bytes.Buffer
		q := started(t, Options{Size: 4 * len(line), Log: slog.New(slog.NewTextHandler(&notes, nil))}, f)
		put(q, 1)
		pass(flush) // the writer is stuck with one line now
		put(q, 7)
		if got := q.Dropped(); got != 3 {
			t.Errorf("got %d dropped, want 3: one is being written, 4 of 7 wait", got)
		}
		if got := notes.String(); strings.Count(got, "level=WARN") != 1 || !strings.Contains(got, "not written fast enough") {
			t.Errorf("got %q, want one warning", got)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := q.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("shutdown over a stuck file: got %v, want the deadline", err)
		}
		close(f.gate)
		shutdown(t, q)
		if f.lines() != 5 {
			t.Errorf("got %d lines, want 5", f.lines())
		}
	})
}

func TestAQueueThatOverflowsNowAndThenIsReportedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var notes bytes.Buffer
		q := started(t, Options{Size: 4 * len(line), Log: slog.New(slog.NewTextHandler(&notes, nil))}, &tape{})
		for range 20 {
			q.mu.Lock() // the writer cannot keep up
			q.lines = append(q.lines, strings.Repeat(line, 4)...)
			q.mu.Unlock()
			put(q, 1)
			signal(q.wake)
			pass(calm / 2)
		}
		if got := strings.Count(notes.String(), "\n"); got != 1 {
			t.Errorf("got %d notes, want the first warning alone: %s", got, &notes)
		}
		pass(calm)
		put(q, 1)
		pass(flush)
		if got := notes.String(); !strings.Contains(got, "written again") || !strings.Contains(got, "dropped=20") {
			t.Errorf("got %q, want the end of the loss with 20 lines", got)
		}
		shutdown(t, q)
	})
}

func TestAWriteErrorIsLoggedOnceAndGetsBetter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &tape{err: errors.New("disk full")}
		var notes bytes.Buffer
		q := started(t, Options{Log: slog.New(slog.NewTextHandler(&notes, nil))}, f)
		f.cut = len(line) + 9
		put(q, 3) // one line and a piece of the second get through
		pass(flush)
		put(q, 2)
		pass(flush)
		if got := q.Dropped(); got != 4 {
			t.Errorf("got %d dropped, want 4", got)
		}
		if got := strings.Count(notes.String(), "level=WARN"); got != 1 || !strings.Contains(notes.String(), "disk full") {
			t.Errorf("got %d warnings, want 1 with the cause: %s", got, &notes)
		}
		f.err = nil
		put(q, 1)
		pass(flush)
		if want := line + line[:9] + "\n" + line; f.buf.String() != want {
			t.Errorf("got %q, want %q: the torn line ended before the next", f.buf.String(), want)
		}
		if !strings.Contains(notes.String(), "written again") {
			t.Errorf("the recovery is not logged: %s", &notes)
		}
		shutdown(t, q)
	})
}

func TestALossIsMarkedWhereItHappened(t *testing.T) {
	gap := func(dropped uint64) []byte { return fmt.Appendf(nil, "(%d)\n", dropped) }
	for _, tc := range []struct {
		name string
		lose func(q *Queue, f *tape)
		want string
	}{
		{"a full queue: after what was in it", func(q *Queue, f *tape) {
			put(q, 6)
			pass(flush)
			put(q, 1)
		}, strings.Repeat(line, 4) + "(2)\n" + line},
		{"a failed write: before the next", func(q *Queue, f *tape) {
			f.err = errors.New("broken pipe")
			put(q, 3)
			pass(flush)
			f.err = nil
			put(q, 1)
		}, "(3)\n" + line},
		{"at the end: without a line after it", func(q *Queue, f *tape) {
			put(q, 5)
		}, strings.Repeat(line, 4) + "(1)\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &tape{}
				q := started(t, Options{Size: 4 * len(line), Gap: gap}, f)
				tc.lose(q, f)
				shutdown(t, q)
				if f.buf.String() != tc.want {
					t.Errorf("got %q, want %q", f.buf.String(), tc.want)
				}
			})
		})
	}
}

func TestReopenFollowsARotation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "access.log")
	q := New(Options{Name: path, Title: "test log", Flush: time.Millisecond})
	if err := q.Start(); err != nil {
		t.Fatal(err)
	}
	put(q, 1)
	if err := os.Rename(path, path+".1"); err != nil {
		t.Skipf("an open file cannot be renamed here: %v", err)
	}
	if err := q.Reopen(); err != nil {
		t.Fatal(err)
	}
	put(q, 1)
	shutdown(t, q)
	old, _ := os.ReadFile(path + ".1")
	fresh, err := os.ReadFile(path)
	if err != nil || bytes.Count(old, []byte("\n"))+bytes.Count(fresh, []byte("\n")) != 2 || len(fresh) == 0 {
		t.Errorf("got %d bytes in the old file, %d in the new (%v), want two lines, at least one in the new", len(old), len(fresh), err)
	}
	os.RemoveAll(filepath.Dir(path))
	if err := q.Reopen(); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("reopen without a directory: got %v, want an error with the path", err)
	}
}

func TestAFileThatCannotBeOpenedStopsTheStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing", "access.log")
	q := New(Options{Name: path})
	if err := q.Start(); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v, want an error with the path", err)
	}
	shutdown(t, q)
}
