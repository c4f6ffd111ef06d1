package accesslog

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// Defaults of Options.
const (
	DefaultQueue = 1 << 20                // bytes
	DefaultFlush = 100 * time.Millisecond // longest stay of a line in the queue
)

// keptLine is the largest line buffer that is kept for the next line, in bytes.
const keptLine = 16 << 10

// Options configures a Log. Only File is needed.
type Options struct {
	File   string         // "stdout", "stderr" or a path, which is created and appended to
	Format Format         // zero means JSON
	Rule   Rule           // which requests; the zero value logs none
	Queue  int            // bytes that may wait to be written; zero means DefaultQueue
	Flush  time.Duration  // longest stay of a line in the queue; zero means DefaultFlush
	Rand   func() float64 // decides the sample; nil means math/rand/v2
	Log    *slog.Logger   // for write errors; nil means none
}

// Log is an access log. A nil *Log logs nothing, which is how `off` reads.
// It is safe for concurrent use.
type Log struct {
	o       Options                // but Format and Rule, which choice holds
	choice  atomic.Pointer[choice] // what Set may change while the log is used
	open    func() (io.WriteCloser, error)
	lines   sync.Pool     // *[]byte: a line is made outside the lock
	wake    chan struct{} // the queue is no longer empty
	hurry   chan struct{} // do not wait for more lines
	stop    chan struct{}
	done    chan struct{} // closed when the writing goroutine has ended
	dropped atomic.Uint64

	mu      sync.Mutex // held for a copy into the queue, never while writing
	queue   []byte     // whole lines, at most o.Queue bytes
	next    io.WriteCloser
	started bool
	closed  bool
}

// New checks o and returns a Log that opens nothing until Start.
func New(o Options) (*Log, error) {
	if o.File == "" {
		return nil, fmt.Errorf("access log: no file named, want stdout, stderr or a path")
	}
	if o.Queue <= 0 {
		o.Queue = DefaultQueue
	}
	if o.Flush <= 0 {
		o.Flush = DefaultFlush
	}
	if o.Rand == nil {
		o.Rand = rand.Float64
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	l := &Log{
		o:     o,
		open:  func() (io.WriteCloser, error) { return openFile(o.File) },
		lines: sync.Pool{New: func() any { return new([]byte) }},
		wake:  make(chan struct{}, 1), hurry: make(chan struct{}, 1),
		stop: make(chan struct{}), done: make(chan struct{}),
	}
	if err := l.Set(o.Format, o.Rule); err != nil {
		return nil, err
	}
	return l, nil
}

// choice is which requests become lines, and how.
type choice struct {
	format Format
	rule   Rule
}

// Set changes the format and the rule for requests that finish from now on, as a
// reload does. An error leaves them as they were. The caller gives r away.
func (l *Log) Set(f Format, r Rule) error {
	if !(r.Sample >= 0 && r.Sample <= 1) {
		return fmt.Errorf("access log: sample %v, want 0..1", r.Sample)
	}
	l.choice.Store(&choice{f, r})
	return nil
}

// Start opens the file and begins to write. A second call does nothing.
func (l *Log) Start(context.Context) error {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.started || l.closed {
		return nil
	}
	out, err := l.open()
	if err != nil {
		return err // names the operation and the file already
	}
	l.started = true
	go (&sink{log: l, out: out}).run()
	return nil
}

// Wanted reports whether a request with this status that took this long is to be
// given to Write.
func (l *Log) Wanted(status int, took time.Duration) bool {
	if l == nil {
		return false
	}
	rule := &l.choice.Load().rule
	return rule.Sample == 1 || rule.Wanted(status, took, l.o.Rand())
}

// Write queues the line for e and returns without waiting for the file. When the
// queue is full or the log is shut down the line is dropped and counted.
func (l *Log) Write(e *Entry) {
	line := l.lines.Get().(*[]byte)
	*line = l.choice.Load().format.Append((*line)[:0], e)
	l.enqueue(*line)
	if cap(*line) <= keptLine {
		l.lines.Put(line)
	}
}

func (l *Log) enqueue(line []byte) {
	l.mu.Lock()
	was := len(l.queue)
	fits := !l.closed && was+len(line) <= l.o.Queue
	if fits {
		l.queue = append(l.queue, line...)
	}
	now := len(l.queue)
	l.mu.Unlock()
	switch {
	case !fits:
		l.dropped.Add(1)
	case was == 0:
		signal(l.wake)
	case now > l.o.Queue/2:
		signal(l.hurry)
	}
}

// signal leaves a token unless one is there already.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Reopen opens the file anew, so that a rotated one is left within one flush. When
// that fails the old one stays in use and the error says why. For stdout and stderr
// it changes nothing.
func (l *Log) Reopen() error {
	if l == nil {
		return nil
	}
	out, err := l.open()
	if err != nil {
		return fmt.Errorf("access log stays with the open file: %w", err)
	}
	l.mu.Lock()
	unused := l.next
	l.next = out
	if !l.started || l.closed {
		unused, l.next = out, nil
	}
	l.mu.Unlock()
	if unused != nil {
		unused.Close()
	}
	signal(l.hurry)
	return nil
}

// Dropped returns how many lines were lost so far, to a full queue or a failed write.
func (l *Log) Dropped() uint64 {
	if l == nil {
		return 0
	}
	return l.dropped.Load()
}

// Shutdown writes what is queued and closes the file. When ctx ends first, it returns
// while the write is still stuck, and the error says so.
func (l *Log) Shutdown(ctx context.Context) error {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	first, started := !l.closed, l.started
	l.closed = true
	l.mu.Unlock()
	if first {
		close(l.stop)
	}
	if !started {
		return nil
	}
	select {
	case <-l.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("access log %s still has lines to write: %w", l.o.File, ctx.Err())
	}
}
