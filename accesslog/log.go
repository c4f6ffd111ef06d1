package accesslog

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"penstock/logfile"
)

// Defaults of Options.
const (
	DefaultQueue = logfile.DefaultSize    // bytes: 1 MiB
	DefaultFlush = 100 * time.Millisecond // longest wait of a line for others to share its write
)

// keptLine is the largest line buffer that is kept for the next line, in bytes.
const keptLine = 16 << 10

// Options configures a Log. Only File is needed; Queue and Flush below zero mean the default too.
type Options struct {
	File   string         // "stdout", "stderr" or a path, which is created and appended to
	Format Format         // zero means JSON
	Rule   Rule           // which requests; the zero value logs none
	Queue  int            // bytes that may wait to be written; zero means DefaultQueue
	Flush  time.Duration  // longest wait of a line for others to share its write; zero means DefaultFlush
	Rand   func() float64 // decides the sample: numbers in [0,1), from any goroutine; nil means math/rand/v2
	Log    *slog.Logger   // reports lost lines; nil means none
}

// Log is an access log. Only New makes one. A nil *Log logs nothing, and each of its methods may be
// called; the gateway uses it for `off`. It is safe for concurrent use.
type Log struct {
	random func() float64
	choice atomic.Pointer[choice] // what Set may change while the log is used
	lines  sync.Pool              // *[]byte: lines are written here before the queue is locked
	queue  *logfile.Queue
}

// New checks o and returns a Log that opens nothing until Start. It returns nil and an error when
// o.File is empty or o.Rule.Sample is outside 0..1.
func New(o Options) (*Log, error) {
	if o.File == "" {
		return nil, fmt.Errorf("access log: no file named, want stdout, stderr or a path")
	}
	if o.Flush <= 0 {
		o.Flush = DefaultFlush
	}
	if o.Rand == nil {
		o.Rand = rand.Float64
	}
	l := &Log{
		random: o.Rand,
		lines:  sync.Pool{New: func() any { return new([]byte) }},
		queue:  logfile.New(logfile.Options{Name: o.File, Title: "access log", Size: o.Queue, Flush: o.Flush, Log: o.Log}),
	}
	if err := l.Set(o.Format, o.Rule); err != nil {
		return nil, err
	}
	return l, nil
}

// choice says which requests are logged, and in which format.
type choice struct {
	format Format
	rule   Rule
}

// Set changes the format and the rule for requests that finish from now on, as a
// reload does. A Sample outside 0..1 is an error and leaves them as they were. The Log keeps
// r.Always, which the caller must not change afterwards.
func (l *Log) Set(f Format, r Rule) error {
	if !(r.Sample >= 0 && r.Sample <= 1) {
		return fmt.Errorf("access log: sample %v, want 0..1", r.Sample)
	}
	if l != nil {
		l.choice.Store(&choice{f, r})
	}
	return nil
}

// Start opens the file and begins to write; its context is not used. It returns an error when the
// file cannot be opened; it may then be called again. After that, and after Shutdown, it does
// nothing.
func (l *Log) Start(context.Context) error {
	if l == nil {
		return nil
	}
	return l.queue.Start()
}

// Wanted reports whether Write should be called for a request with this status that took
// this long, by the rule of the last Set. It may draw a new random number, so call it once for each
// request.
func (l *Log) Wanted(status int, took time.Duration) bool {
	if l == nil {
		return false
	}
	rule := &l.choice.Load().rule
	return rule.Sample == 1 || rule.Wanted(status, took, l.random())
}

// Write queues the line for e, whatever Wanted reports, and returns without waiting for the file.
// When the queue is full or the log is shut down the line is dropped and counted.
func (l *Log) Write(e *Entry) {
	if l == nil {
		return
	}
	line := l.lines.Get().(*[]byte)
	*line = l.choice.Load().format.Append((*line)[:0], e)
	_, _ = l.queue.Write(*line) // never an error
	if cap(*line) <= keptLine {
		l.lines.Put(line)
	}
}

// Reopen opens the file again, so that a rotated file is no longer written after one flush.
// On an error the old file stays in use. Standard streams stay as they are; a named pipe is opened
// again with the next line. Before Start and after Shutdown it only checks that the file can be
// opened, which creates it.
func (l *Log) Reopen() error {
	if l == nil {
		return nil
	}
	return l.queue.Reopen()
}

// Dropped returns how many lines were lost so far, because of a full queue, a failed write or the
// shutdown; zero for nil.
func (l *Log) Dropped() uint64 {
	if l == nil {
		return 0
	}
	return l.queue.Dropped()
}

// Shutdown writes the queued lines and closes the file. When ctx ends first, it returns an
// error and the write continues in the background. Before Start it returns nil, and lines that wait
// are dropped and counted. Lines written later are dropped.
func (l *Log) Shutdown(ctx context.Context) error {
	if l == nil {
		return nil
	}
	return l.queue.Shutdown(ctx)
}
