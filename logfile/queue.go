package logfile

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// DefaultSize is the Size of a Queue whose Options have none: 1 MiB.
const DefaultSize = 1 << 20

// calm is how long no line must have been dropped until a full queue counts as over.
const calm = 10 * time.Second

// Options configures a Queue. Name is needed unless Out is set; New does not check it.
type Options struct {
	Name  string        // "stdout", "stderr" or a path, which is created and appended to
	Out   io.Writer     // is written to instead of what Name says, and never closed; nil means none
	Title string        // what the messages to Log call the queue, such as "access log"
	Size  int           // bytes that may wait to be written; zero means DefaultSize
	Flush time.Duration // longest wait of a line for others to share its write; zero and below mean none
	Log   *slog.Logger  // reports lost lines and a file that fails to close; must not write to this Queue; nil means none

	// Gap returns the line, with its newline, that is written where lines were lost. Dropped is how
	// many were lost since New. It is called on the writing goroutine, and must not write to this
	// Queue. Nil marks no gaps.
	Gap func(dropped uint64) []byte
}

// trouble is why lines are being lost.
type trouble uint8

const (
	none    trouble = iota
	slow            // the queue was full
	failing         // the last write failed
)

// Queue is a bounded queue of lines with a goroutine that writes them. Only New makes one. It is
// safe for concurrent use.
type Queue struct {
	o       Options
	wake    chan struct{} // the queue is no longer empty
	hurry   chan struct{} // do not wait for more lines
	stop    chan struct{}
	done    chan struct{} // closed when the writing goroutine has ended
	dropped atomic.Uint64

	mu      sync.Mutex // held for a copy into the queue, never while writing
	lines   []byte     // whole lines, at most o.Size bytes
	next    io.WriteCloser
	started bool
	closed  bool
	trouble trouble
	gap     bool // lines were lost after those in the queue
}

// New returns a Queue that opens nothing until Start. Lines that are written before
// wait in it. A Size of zero or below means DefaultSize.
func New(o Options) *Queue {
	if o.Size <= 0 {
		o.Size = DefaultSize
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Queue{
		o:    o,
		wake: make(chan struct{}, 1), hurry: make(chan struct{}, 1),
		stop: make(chan struct{}), done: make(chan struct{}),
	}
}

// Start opens the file and begins to write. When the file cannot be opened it returns the error,
// nothing is started, and it may be called again. A second call, or one after Shutdown, does
// nothing and returns nil. A named pipe is opened with the first line that finds a reader, so it
// never delays a start; lines that find none are dropped and counted.
func (q *Queue) Start() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.started || q.closed {
		return nil
	}
	out, err := q.open()
	if err != nil {
		return err // names the operation and the file already
	}
	q.started = true
	go (&sink{queue: q, out: out}).run()
	return nil
}

func (q *Queue) open() (io.WriteCloser, error) {
	if q.o.Out != nil {
		return stream{q.o.Out}, nil
	}
	return open(q.o.Name)
}

// Write queues one line, which ends with a newline, and returns without waiting for
// the file. When the queue has no room for the whole line or is shut down, the line is dropped and
// counted. It always returns len(line) and no error; the caller may reuse line.
func (q *Queue) Write(line []byte) (int, error) {
	q.mu.Lock()
	was := len(q.lines)
	kept := !q.closed && was+len(line) <= q.o.Size
	report := false
	if kept {
		q.lines = append(q.lines, line...)
	} else {
		report = q.lose()
	}
	now := len(q.lines)
	q.mu.Unlock()
	switch {
	case report:
		q.o.Log.Warn(q.o.Title+" is not written fast enough, lines are lost", slog.String("file", q.o.Name))
	case !kept:
	case was == 0:
		signal(q.wake)
	case now > q.o.Size/2:
		signal(q.hurry)
	}
	return len(line), nil
}

// lose counts a line for which there was no room, and reports whether it is the first
// one of a time of loss. The caller holds q.mu.
func (q *Queue) lose() (first bool) {
	q.dropped.Add(1)
	q.gap = true
	first = q.trouble == none && !q.closed
	if first {
		q.trouble = slow
	}
	return first
}

// signal leaves a token unless one is there already.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Reopen opens the file anew, so that a rotated one is left within one flush. When
// that fails the old one stays in use and the error says why. For standard streams it
// changes nothing; a named pipe is opened again with the next line. Before Start and after Shutdown
// it only checks that the file can be opened, which creates it.
func (q *Queue) Reopen() error {
	out, err := q.open()
	if err != nil {
		return fmt.Errorf("%s stays with the open file: %w", q.o.Title, err)
	}
	q.mu.Lock()
	unused := q.next
	q.next = out
	if !q.started || q.closed {
		unused, q.next = out, nil
	}
	q.mu.Unlock()
	if unused != nil {
		unused.Close()
	}
	signal(q.hurry)
	return nil
}

// Dropped returns how many lines were lost so far, to a full queue, a failed write or the shutdown.
func (q *Queue) Dropped() uint64 { return q.dropped.Load() }

// Shutdown writes what is queued and closes the file. When ctx ends first, it returns an error
// while the write continues. Lines written later are dropped. Before Start it returns nil, and
// queued lines are dropped and counted. A second call waits in the same way.
func (q *Queue) Shutdown(ctx context.Context) error {
	q.mu.Lock()
	first, started := !q.closed, q.started
	q.closed = true
	if !started {
		q.dropped.Add(uint64(bytes.Count(q.lines, []byte{'\n'})))
		q.lines = nil
	}
	q.mu.Unlock()
	if first {
		close(q.stop)
	}
	if !started {
		return nil
	}
	select {
	case <-q.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s %s still has lines to write: %w", q.o.Title, q.o.Name, ctx.Err())
	}
}
